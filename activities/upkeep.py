"""Upkeep: mends what a crash left between the database and Temporal."""

import asyncio
from collections.abc import Sequence

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.parts import Parts
from engine.calls import start_call
from outdial.carriers.base import CarrierEvent, EventKind
from outdial.models import Call
from outdial.store import calls, lines, upkeep
from outdial.vocabulary import CallStatus, Disposition, Progress
from workflows import names

PAGE = 200
AT_ONCE = 20


class UpkeepActivities:
    """Each is safe to run at any time and by several workers at once."""

    def __init__(self, parts: Parts, client: Client) -> None:
        self._parts = parts
        self._client = client

    @activity.defn(name=names.RECONCILE)
    async def reconcile(self) -> int:
        """Start the workflows of calls that were recorded but not started; answers how many."""
        started = 0
        while page := await asyncio.to_thread(self._unstarted):
            for call in page:
                await start_call(self._client, self._parts.settings, call)
            await asyncio.to_thread(self._mark_started, [call.id for call in page])
            started += len(page)
            activity.heartbeat(started)
        return started

    @activity.defn(name=names.SWEEP_LINES)
    async def sweep_lines(self) -> int:
        """End the calls whose workflow was terminated, which frees their lines; answers how many.

        A line that is free while calls wait for one goes to whoever is next.
        """
        ended, after = 0, ""
        while page := await asyncio.to_thread(self._quiet, after):
            closed = await self._closed(page)
            for call in closed:
                await asyncio.to_thread(self._end, call.id)
            ended, after = ended + len(closed), page[-1].id
            activity.heartbeat(ended)
        for account_id in await asyncio.to_thread(self._queues):
            while await asyncio.to_thread(self._parts.give_turns, account_id):
                activity.heartbeat(ended)
        return ended

    def _unstarted(self) -> Sequence[Call]:
        with self._parts.database.read() as session:
            return upkeep.unstarted_calls(session, self._parts.clock(), limit=PAGE)

    def _mark_started(self, ids: Sequence[str]) -> None:
        with self._parts.database.write() as session:
            upkeep.mark_started(session, ids)

    def _quiet(self, after: str) -> Sequence[Call]:
        with self._parts.database.read() as session:
            return upkeep.quiet_calls(session, self._parts.clock(), after=after, limit=PAGE)

    def _queues(self) -> Sequence[str]:
        with self._parts.database.read() as session:
            return lines.accounts_that_queue(session)

    async def _closed(self, page: Sequence[Call]) -> list[Call]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def is_closed(call: Call) -> bool:
            async with gate:
                return await self._is_closed(call.id)

        answers = await asyncio.gather(*map(is_closed, page))
        return [call for call, closed in zip(page, answers, strict=True) if closed]

    async def _is_closed(self, call_id: str) -> bool:
        try:
            description = await self._client.get_workflow_handle(call_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True  # its history is past the server's retention
            raise
        return description.status is not WorkflowExecutionStatus.RUNNING

    def _end(self, call_id: str) -> None:
        parts, now = self._parts, self._parts.clock()
        with parts.database.write() as session:
            call = calls.locked(session, call_id)
            if call.runs > 1 and call.status is CallStatus.SCHEDULED and call.progress is Progress.WAITING:
                call.workflow_started = (
                    False  # its last run was still closing when it was to be dialled again
                )
                session.add(call)
                return
            attempt = calls.last_attempt(session, call)
            if attempt is not None and attempt.ended_at is None:
                end = CarrierEvent(EventKind.ENDED, disposition=Disposition.UNKNOWN)
                parts.lifecycle.end_attempt(session, call, attempt, end, now)
            owed = parts.lifecycle.end_call(session, call, CallStatus.FAILED, now, reason="terminated")
        parts.start_deliveries(owed)
