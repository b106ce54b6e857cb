"""Overview: today's calls, the lines in use, and what needs a person."""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.dashboard.live import live
from api.dashboard.views import View, ViewDep
from api.deps import DatabaseDep
from outdial.models import CallStatus
from outdial.store import lines, overview
from outdial.store.database import Database

router = APIRouter()

SHOWN = 5
# However many pages are open, a day is counted so often and no more.
COUNT_EVERY = 5.0


@dataclass
class Days:
    """The counted days of accounts, kept for a moment."""

    kept: dict[tuple[str, datetime], tuple[float, overview.Day]] = field(
        default_factory=dict[tuple[str, datetime], tuple[float, overview.Day]]
    )
    counting: threading.Lock = field(default_factory=threading.Lock)

    def of(self, database: Database, account_id: str, since: datetime) -> overview.Day:
        """The account's day since then."""
        with self.counting:
            counted, day = self.kept.get((account_id, since), (0.0, None))
            if day is not None and time.monotonic() < counted + COUNT_EVERY:
                return day
            with database.read() as session:
                day = overview.day_of(session, account_id, since)
            self.kept = {key: value for key, value in self.kept.items() if key[1] >= since}
            self.kept[account_id, since] = (time.monotonic(), day)
            return day


@router.get("")
def show(view: ViewDep, database: DatabaseDep) -> Response:
    """The page; the day's numbers follow by the stream, so that a large day delays nothing."""
    return view.page("overview.html", now=_now(view, database))


@router.get("/live")
def stream(view: ViewDep, request: Request, database: DatabaseDep) -> Response:
    """What changes while the page is open."""
    days: Days = request.app.state.days

    def render() -> tuple[str, bool]:
        fresh = View(request, view.visitor)
        midnight = fresh.now.astimezone(view.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        day = days.of(database, view.account_id, midnight)
        return fresh.render("overview_live.html", day=day, now=_now(fresh, database)), False

    return live(view, database, render, every=2)


def _now(view: View, database: Database) -> dict[str, Any]:
    account_id = view.account_id
    with database.read() as session:
        return {
            "in_use": lines.in_use(session, account_id),
            "running": overview.latest(session, account_id, CallStatus.IN_PROGRESS, SHOWN),
            "failed": overview.latest(session, account_id, CallStatus.FAILED, SHOWN),
            "dead": overview.latest_dead(session, account_id, SHOWN),
            "endpoints": overview.troubled_endpoints(session, account_id),
        }
