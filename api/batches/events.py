"""A batch's progress as it happens, as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from anyio import to_thread
from fastapi import APIRouter
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.batches.schemas import BatchPublic
from api.deps import DatabaseDep, PrincipalDep
from outdial.batches.progress import progress_of
from outdial.models import Batch
from outdial.models.base import utc_now
from outdial.store.database import Database
from outdial.store.scope import get

router = APIRouter(prefix="/v1/calls/batch", tags=["batches"])

# How often the batch is looked at, and how often a quiet connection shows that it lives; seconds.
EVERY = 1.0
PING = 15

_SEEN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`progress` whenever the counts change, `ended` at last; the data is the batch as JSON.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/{batch_id}/events",
    summary="Watch a batch",
    response_class=EventSourceResponse,
    responses=_SEEN,
)
async def watch(batch_id: str, principal: PrincipalDep, database: DatabaseDep) -> EventSourceResponse:
    """Server-sent events until the batch ends."""
    look = _Look(database, principal.account.id, batch_id)
    first = await to_thread.run_sync(look)
    return EventSourceResponse(_changes(look, first), ping=PING)


class _Look:
    def __init__(self, database: Database, account_id: str, batch_id: str) -> None:
        self._database = database
        self._account_id = account_id
        self._batch_id = batch_id

    def __call__(self) -> BatchPublic:
        with self._database.read() as session:
            batch = get(session, self._account_id, Batch, self._batch_id)
            return BatchPublic.of(batch, progress_of(session, batch, utc_now()))


async def _changes(look: _Look, shown: BatchPublic) -> AsyncGenerator[ServerSentEvent]:
    yield _event(shown)
    while shown.ended_at is None:
        await asyncio.sleep(EVERY)
        now = await to_thread.run_sync(look)
        if _is_other(now, shown):
            yield _event(now)
        shown = now


def _is_other(now: BatchPublic, before: BatchPublic) -> bool:
    # The pace and the estimate change with the clock alone.
    drifting = {"calls_per_minute", "estimated_end_at", "updated_at"}
    return now.model_dump(exclude=drifting) != before.model_dump(exclude=drifting)


def _event(batch: BatchPublic) -> ServerSentEvent:
    return ServerSentEvent(batch.model_dump_json(), event="progress" if batch.ended_at is None else "ended")
