"""Taking in what carriers tell: into the database first, then to the call's workflow, then the carrier is answered."""

from collections.abc import Sequence

import structlog

from api.gateway import Gateway
from outdial.carriers.base import CarrierEvent
from outdial.carriers.reports import event_in, take_in
from outdial.errors import Conflict, Unavailable
from outdial.models import CarrierReport
from outdial.models.base import utc_now
from outdial.store import reports
from outdial.store.database import Database

_log = structlog.get_logger(__name__)


class CarrierIntake:
    """Blocking, for endpoint threads. What Temporal does not take now is signalled by upkeep."""

    def __init__(self, database: Database, gateway: Gateway) -> None:
        self._database = database
        self._gateway = gateway

    def take(self, dial_key: str, carrier_call_id: str, events: Sequence[CarrierEvent]) -> None:
        """Keep the events of an attempt and tell its workflow; those known already change nothing."""
        with self._database.write() as session:
            untold = take_in(session, dial_key, carrier_call_id, events, utc_now())
        try:
            told = [report.id for report in untold if self._tell(report)]
        except Unavailable:
            _log.warning("carrier.report_postponed", dial_key=dial_key)
            return
        if told:
            with self._database.write() as session:
                reports.mark_signalled(session, told, utc_now())

    def _tell(self, report: CarrierReport) -> bool:
        try:
            self._gateway.carrier_event(report.call_id, report.attempt, event_in(report))
        except Conflict:
            _log.info("carrier.report_of_ended_call", call_id=report.call_id)
        return True
