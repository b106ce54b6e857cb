"""Batch calls: the list, with how far each has come."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.dashboard.calls import agents_of
from api.dashboard.counts import Counts
from api.dashboard.views import View, ViewDep
from api.deps import DatabaseDep
from api.paging import Page, read_cursor, read_page
from outdial.batches.progress import BatchProgress, progress_of
from outdial.models import Batch
from outdial.store.database import Database
from outdial.store.scope import rows_of

router = APIRouter(prefix="/batches")

SHOWN = 20
# Counting a batch reads its index from end to end; what has ended does not change.
COUNT_EVERY, COUNT_ENDED_EVERY = 2.0, 600.0


@router.get("")
def show(view: ViewDep, cursor: str = "") -> Response:
    """The page; its counts follow, so that large batches delay nothing."""
    return view.page("batches.html", cursor=cursor)


@router.get("/table")
def table(view: ViewDep, request: Request, database: DatabaseDep, cursor: str = "") -> Response:
    """The batches, newest first, each with its counts."""
    page = Page(SHOWN, read_cursor(cursor) if cursor else None)
    with database.read() as session:
        rows, following = read_page(session, rows_of(view.account_id, Batch), Batch, page)
        named = {agent.id: agent.name for agent in agents_of(session, view)}
    counts: Counts = request.app.state.counts
    progress = {batch.id: counted(counts, database, view, batch) for batch in rows}
    shown: dict[str, Any] = {"batches": rows, "progress": progress, "named": named}
    return view.fragment("batches_table.html", cursor=cursor, following=following, **shown)


def counted(counts: Counts, database: Database, view: View, batch: Batch) -> BatchProgress:
    """The batch's counts, fresh enough for a page."""

    def count() -> BatchProgress:
        with database.read() as session:
            return progress_of(session, batch, view.now)

    lasts = COUNT_ENDED_EVERY if batch.ended_at else COUNT_EVERY
    return counts.of(("batch", batch.id, batch.status, batch.rows, batch.ended_at), lasts, count)
