"""Starting a batch that a page has taken in, and telling one of more recipients."""

import structlog

from api.batches.gateway import BatchGateway
from api.batches.taking import start
from outdial.errors import Conflict, Unavailable
from outdial.models import Batch
from outdial.store.database import Database

_log = structlog.get_logger(__name__)


def begin(database: Database, gateway: BatchGateway, batch: Batch) -> None:
    """Start the batch's workflow, if Temporal answers; else upkeep does it."""
    try:
        start(database, gateway, batch)
    except Unavailable:
        _log.warning("batch.start_postponed", batch_id=batch.id)


def tell(database: Database, gateway: BatchGateway, batch: Batch) -> None:
    """Tell the batch's workflow that there is more; it is started first where nobody has."""
    try:
        if not batch.workflow_started:
            start(database, gateway, batch)
        gateway.tell_appended(batch.id)
    except (Unavailable, Conflict):
        _log.warning("batch.not_told", batch_id=batch.id)
