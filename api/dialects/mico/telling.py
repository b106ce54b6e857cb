"""Telling a schedule's workflow what its row says now. What can't be told is told later, by upkeep."""

import structlog

from api.batches.gateway import BatchGateway
from api.batches.taking import start
from outdial.errors import Conflict, Unavailable
from outdial.models import Batch
from outdial.store import batches
from outdial.store.database import Database

_log = structlog.get_logger(__name__)


def tell_changed(database: Database, gateway: BatchGateway, schedule: Batch) -> None:
    """The switch or the times have changed; a schedule without a workflow gets one."""
    try:
        if not schedule.workflow_started:
            start(database, gateway, schedule)
        gateway.tell_changed(schedule.id)
    except (Unavailable, Conflict):
        _log.warning("schedule.not_told", batch_id=schedule.id)
        return
    with database.write() as session:
        batches.mark_told(session, schedule)


def tell_added(database: Database, gateway: BatchGateway, schedule: Batch) -> None:
    """There are more calls."""
    try:
        if not schedule.workflow_started:
            start(database, gateway, schedule)
        gateway.tell_appended(schedule.id)
    except (Unavailable, Conflict):
        _log.warning("schedule.not_told", batch_id=schedule.id)
