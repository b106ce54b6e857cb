"""Overview: today's calls, the lines in use, and what needs a person."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.dashboard.counts import Counts
from api.dashboard.live import live
from api.dashboard.views import View, ViewDep
from api.deps import DatabaseDep
from outdial.models import CallStatus
from outdial.store import lines, overview
from outdial.store.database import Database

router = APIRouter()

SHOWN = 5
COUNT_EVERY = 5.0


@router.get("")
def show(view: ViewDep, database: DatabaseDep) -> Response:
    """The page; the day's numbers follow by the stream, so that a large day delays nothing."""
    return view.page("overview.html", now=_now(view, database))


@router.get("/live")
def stream(view: ViewDep, request: Request, database: DatabaseDep) -> Response:
    """What changes while the page is open."""
    counts: Counts = request.app.state.counts

    def render() -> tuple[str, bool]:
        fresh = View(request, view.visitor)
        midnight = fresh.now.astimezone(view.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        day = counts.of(
            ("day", view.account_id, midnight), COUNT_EVERY, lambda: _day(view, database, midnight)
        )
        return fresh.render("overview_live.html", day=day, now=_now(fresh, database)), False

    return live(view, database, render, every=2)


def _day(view: View, database: Database, since: datetime) -> overview.Day:
    with database.read() as session:
        return overview.day_of(session, view.account_id, since)


def _now(view: View, database: Database) -> dict[str, Any]:
    account_id = view.account_id
    with database.read() as session:
        return {
            "in_use": lines.in_use(session, account_id),
            "running": overview.latest(session, account_id, CallStatus.IN_PROGRESS, SHOWN),
            "failed": overview.failed_for_a_person(session, account_id, SHOWN),
            "dead": overview.latest_dead(session, account_id, SHOWN),
            "endpoints": overview.troubled_endpoints(session, account_id),
        }
