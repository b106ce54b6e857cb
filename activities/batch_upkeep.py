"""Upkeep of batches: started, told, taken back or ended where a crash or an operator has left them half done."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.parts import Parts
from engine.batches import start_again_to_end, start_batch, tell_changed
from outdial.batches.intake import STALE
from outdial.models import Batch
from outdial.store import batch_rows, batches
from workflows import names

PAGE = 200

Found = TypeVar("Found")


class BatchUpkeepActivities:
    """Safe to run at any time and by several workers at once."""

    def __init__(self, parts: Parts, client: Client) -> None:
        self._parts = parts
        self._client = client

    @activity.defn(name=names.MEND_BATCHES)
    async def mend_batches(self) -> int:
        """Mend what is amiss; answers in how many batches."""
        mended = await self._take_back() + await self._start() + await self._tell() + await self._end_lost()
        activity.heartbeat(mended)
        return mended

    async def _take_back(self) -> int:
        """Forget uploads whose process has died."""
        stale = await self._read(lambda session, now: batch_rows.unfinished(session, now - STALE, limit=PAGE))
        for batch_id in stale:
            await self._write(lambda session, batch_id=batch_id: batch_rows.take_back(session, batch_id))
        return len(stale)

    async def _start(self) -> int:
        """Start batches that were recorded and not started."""
        page = await self._read(lambda session, now: batches.without_workflow(session, now, limit=PAGE))
        for batch in page:
            await start_batch(self._client, batch)
            await self._write(lambda session, batch=batch: batches.mark_started(session, batch.id))
        return len(page)

    async def _tell(self) -> int:
        """Tell workflows of a change that they have missed."""
        page = await self._read(lambda session, now: batches.untold(session, now, limit=PAGE))
        for batch in page:
            await self._tell_one(batch)
            await self._write(lambda session, batch=batch: batches.mark_told(session, batch))
        return len(page)

    async def _tell_one(self, batch: Batch) -> None:
        try:
            await tell_changed(self._client, batch.id)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def _end_lost(self) -> int:
        """Cancel batches whose workflow somebody has terminated."""
        page = await self._read(lambda session, _now: batches.with_workflow(session, limit=PAGE))
        lost = [batch for batch in page if await self._is_closed(batch.id)]
        for batch in lost:
            await start_again_to_end(self._client, batch)
        return len(lost)

    async def _is_closed(self, batch_id: str) -> bool:
        try:
            description = await self._client.get_workflow_handle(batch_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True  # its history is past the server's retention
            raise
        return description.status is not WorkflowExecutionStatus.RUNNING

    async def _read(self, ask: Callable[[Session, datetime], Sequence[Found]]) -> Sequence[Found]:
        def asked() -> Sequence[Found]:
            with self._parts.database.read() as session:
                return ask(session, self._parts.clock())

        return await asyncio.to_thread(asked)

    async def _write(self, change: Callable[[Session], None]) -> None:
        def changed() -> None:
            with self._parts.database.write() as session:
                change(session)

        await asyncio.to_thread(changed)
