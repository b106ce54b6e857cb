"""How many calls match a filter: counted anew while they are few, else known from a moment ago."""

import threading
import time
from dataclasses import astuple
from typing import Annotated, Any

from cachetools import TTLCache
from fastapi import Depends, Request
from sqlmodel import Session

from outdial.models import Batch
from outdial.store.outbound_calls import OutboundFilter, count_of

# Counting so many takes a few milliseconds; a million takes the time of a hundred pages.
COUNTED_ANEW = 2_000
KEPT_SECONDS = 15.0
KEPT = 10_000


class Totals:
    """Totals of one process, by schedule and filter."""

    def __init__(self) -> None:
        self._kept: TTLCache[Any, int] = TTLCache(KEPT, KEPT_SECONDS, timer=time.monotonic)
        self._lock = threading.Lock()

    def of(self, session: Session, schedule: Batch, wanted: OutboundFilter) -> int:
        """Exact up to ``COUNTED_ANEW``; beyond that it was so at most ``KEPT_SECONDS`` ago."""
        few = count_of(session, schedule, wanted, most=COUNTED_ANEW)
        if few < COUNTED_ANEW:
            return few
        equal, *rest = astuple(wanted)
        key = (schedule.id, schedule.rows, *sorted(equal.items()), *map(str, rest))
        with self._lock:
            known = self._kept.get(key)
        if known is None:
            known = count_of(session, schedule, wanted)
            with self._lock:
                self._kept[key] = known
        return known


def _totals(request: Request) -> Totals:
    return request.app.state.mico_totals


TotalsDep = Annotated[Totals, Depends(_totals)]
