"""Starts what a request has recorded, once it is answered."""

import time
from collections.abc import Callable, Sequence

import structlog

from api.gateway import Gateway
from outdial.errors import Unavailable
from outdial.intake import Accepted
from outdial.models import Call
from outdial.store.database import Database
from outdial.store.upkeep import mark_started

# While Temporal is away requests must not queue up in its time-outs; the reconciler starts what is recorded.
REST_SECONDS = 5.0

_log = structlog.get_logger(__name__)


class Starter:
    """Starts workflows of recorded rows. What it does not start is found and started by the reconciler."""

    def __init__(self, database: Database, gateway: Gateway) -> None:
        self._database = database
        self._gateway = gateway
        self._rests_until = 0.0

    def start(self, accepted: Accepted) -> None:
        """Start a new call and the deliveries owed for it, if Temporal answers."""
        if time.monotonic() < self._rests_until:
            return
        try:
            self.start_call(accepted.call)
            _log.info("call.started", call_id=accepted.call.id)
            self._gateway.start_deliveries(accepted.deliveries)
        except Unavailable:
            self._rests_until = time.monotonic() + REST_SECONDS
            _log.warning("call.start_postponed", call_id=accepted.call.id)

    def start_soon(self, call: Call) -> None:
        """Start a recorded call, if Temporal answers."""
        self._try(lambda: self.start_call(call))

    def start_deliveries(self, ids: Sequence[str]) -> None:
        """Start deliveries, if Temporal answers."""
        if ids:
            self._try(lambda: self._gateway.start_deliveries(ids))

    def redeliver(self, delivery_id: str) -> None:
        """Deliver again at once, if Temporal answers."""
        self._try(lambda: self._gateway.redeliver(delivery_id))

    def _try(self, deliver: Callable[[], None]) -> None:
        if time.monotonic() < self._rests_until:
            return
        try:
            deliver()
        except Unavailable:
            self._rests_until = time.monotonic() + REST_SECONDS
            _log.warning("start_postponed")

    def start_call(self, call: Call) -> None:
        """Start the call's workflow now. Raises Unavailable."""
        self._gateway.start_call(call)
        with self._database.write() as session:
            mark_started(session, [call.id])
