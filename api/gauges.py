"""The database's gauges for Prometheus. Every API tells the same of them: read them by `max`, never by `sum`."""

import time
from collections.abc import Iterator
from threading import Lock

import structlog
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from outdial.models.base import utc_now
from outdial.store.database import Database
from outdial.store.gauges import Gauges, read_gauges

# However many ask, the database is asked once in so many seconds.
FRESH_FOR = 5.0

_log = structlog.get_logger(__name__)


class DatabaseGauges(Collector):
    """Reads the gauges when it is asked, and keeps them for a few seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._read_at = float("-inf")
        self._seen: Gauges | None = None

    def describe(self) -> list[Metric]:
        # So that registering asks the database nothing.
        return []

    def collect(self) -> Iterator[Metric]:
        """Nothing but `outdial_database_up` 0 where the database does not answer."""
        gauges = self._current()
        yield _gauge("outdial_database_up", "Whether the database answers.", gauges is not None)
        if gauges is not None:
            yield from _metrics(gauges)

    def _current(self) -> Gauges | None:
        with self._lock:
            if time.monotonic() - self._read_at >= FRESH_FOR:
                self._seen = self._read()
                self._read_at = time.monotonic()
            return self._seen

    def _read(self) -> Gauges | None:
        try:
            with self._database.read() as session:
                return read_gauges(session, utc_now())
        except SQLAlchemyError as error:
            _log.warning("gauges.unread", error=str(error))
            return None


def _metrics(gauges: Gauges) -> Iterator[Metric]:
    calls = GaugeMetricFamily(
        "outdial_calls_open", "Calls that have not ended.", labels=["status", "progress"]
    )
    for (status, progress), number in gauges.open_calls.items():
        calls.add_metric([status, progress], number)
    yield calls
    yield _gauge("outdial_lines_in_use", "Calls that are live.", gauges.lines_in_use)
    yield _gauge("outdial_lines", "How many may be, over all accounts.", gauges.lines)
    yield _gauge("outdial_lines_busiest_ratio", "The share that the fullest account uses.", gauges.busiest)
    yield _gauge("outdial_webhooks_pending", "Webhooks not delivered yet.", gauges.webhooks_pending)
    yield _gauge("outdial_webhooks_due", "Those of them to be tried by now.", gauges.webhooks_due.count)
    yield _gauge(
        "outdial_webhooks_due_oldest_seconds", "How long the oldest is due.", gauges.webhooks_due.oldest
    )
    yield _gauge("outdial_calls_unstarted", "Calls without a workflow yet.", gauges.unstarted.count)
    yield _gauge(
        "outdial_calls_unstarted_oldest_seconds", "How long the oldest waits for it.", gauges.unstarted.oldest
    )


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=float(value))
