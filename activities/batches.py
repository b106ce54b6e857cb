"""A batch's side effects: placing its calls round by round, ending them, writing down where it stands."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.parts import Parts
from engine.calls import start_call
from outdial.batches import ending, pump
from outdial.batches.pump import Step
from outdial.models import Batch, CallStatus
from outdial.store import batches, lines, upkeep
from workflows import names
from workflows.batch_messages import BatchNote, Filled, Round, Terms

# A round goes on for so long, in seconds; then the workflow begins the next one.
ROUND = 50.0
# How long to rest between two looks while nothing changes.
SHORTEST_REST, LONGEST_REST = 0.1, 0.5
# Idle for longer than this is slept in the workflow, by a durable timer.
WORTH_SLEEPING = 2.0
AT_ONCE = 20
PAGE = 200

Item = TypeVar("Item")


class BatchActivities:
    """Each may run again after it has already done its work, and goes on where that left off."""

    def __init__(self, parts: Parts, client: Client) -> None:
        self._parts = parts
        self._client = client

    @activity.defn(name=names.FILL)
    async def fill(self, order: Round) -> Filled:
        """Keep the batch's share of lines busy for a round, or until there is nothing to do for a while."""
        until, rest, left = time.monotonic() + ROUND, SHORTEST_REST, order.calls
        while time.monotonic() < until and left != 0 and not activity.is_worker_shutdown():
            step = await asyncio.to_thread(self._look, order.batch_id, left)
            activity.heartbeat()
            if step.expired:
                return await self._end(order, "expired", signal=names.PROCEED)
            if not step.running or not step.calls_left or step.wait > WORTH_SLEEPING:
                return Filled(step.calls_left, step.wait)
            moved = await self._move(step)
            left = None if left is None else left - moved
            rest = SHORTEST_REST if moved else min(rest * 2, LONGEST_REST)
            await asyncio.sleep(rest)
        return Filled(calls_left=True)

    @activity.defn(name=names.END_CALLS)
    async def end_calls(self, order: Round) -> Filled:
        """End what a canceled batch has not dialled; hang up what is live, unless it was canceled gracefully."""
        batch = await asyncio.to_thread(self._batch, order.batch_id)
        if batch is None:
            return Filled(calls_left=False)
        # Woken instead of canceled, a call that is not live finds at admission that its batch was.
        return await self._end(order, "batch_canceled", signal=names.PROCEED if batch.graceful else "cancel")

    @activity.defn(name=names.READ_BATCH)
    async def read_batch(self, batch_id: str) -> Terms:
        """The switch and the times that its row has now."""
        return await asyncio.to_thread(self._terms, batch_id)

    @activity.defn(name=names.NOTE_BATCH)
    async def note_batch(self, change: BatchNote) -> None:
        """Write down where the batch stands."""
        await asyncio.to_thread(self._note, change)

    @activity.defn(name=names.CLOSE_BATCH)
    async def close_batch(self, batch_id: str) -> bool:
        """End the batch and owe its webhooks; false where calls are left."""
        return await asyncio.to_thread(self._close, batch_id)

    def _terms(self, batch_id: str) -> Terms:
        with self._parts.database.read() as session:
            batch = batches.find(session, batch_id)
        if batch is None:
            return Terms(self._parts.clock(), None, enabled=False, gone=True)
        return Terms(batch.due_at, batch.ends_at, batch.live)

    def _note(self, change: BatchNote) -> None:
        with self._parts.database.write() as session:
            if batches.find(session, change.batch_id) is None:
                return
            batch = batches.locked(session, change.batch_id)
            ending.set_status(batch, change.status, self._parts.clock())
            batch.graceful = change.graceful
            session.add(batch)

    def _close(self, batch_id: str) -> bool:
        with self._parts.database.write() as session:
            if batches.find(session, batch_id) is None:
                return True
            batch = batches.locked(session, batch_id)
            owed = ending.close(session, batch, self._parts.clock())
        self._parts.start_deliveries(owed or [])
        return owed is not None

    def _batch(self, batch_id: str) -> Batch | None:
        with self._parts.database.read() as session:
            return batches.find(session, batch_id)

    def _look(self, batch_id: str, left: int | None) -> Step:
        most = PAGE if left is None else min(left, PAGE)
        with self._parts.database.read() as session:
            step = pump.look(session, batch_id, self._parts.clock(), most=most)
            batch = batches.find(session, batch_id)
        if batch is not None and step.running and step.lines_wanted != batch.lines_wanted:
            self._want_lines(batch_id, step.lines_wanted)
        return step

    def _want_lines(self, batch_id: str, lines: int) -> None:
        with self._parts.database.write() as session:
            batches.want_lines(session, batch_id, lines)

    async def _move(self, step: Step) -> int:
        """Start and wake what the step says; how many these were."""
        if step.wake:
            await asyncio.to_thread(self._give_turn, step.wake)
            await self._signal(step.wake, names.PROCEED)
        if step.start:
            await _side_by_side(lambda call: start_call(self._client, self._parts.settings, call), step.start)
            await asyncio.to_thread(self._mark_started, [call.id for call in step.start])
        return len(step.wake) + len(step.start)

    async def _end(self, order: Round, reason: str, *, signal: str) -> Filled:
        """End what was never started, tell the others, and wait a while for them."""
        until = time.monotonic() + ROUND
        while await asyncio.to_thread(self._end_unstarted, order.batch_id, reason):
            activity.heartbeat()
        told: set[str] = set()
        while time.monotonic() < until and not activity.is_worker_shutdown():
            open_calls = await asyncio.to_thread(self._open, order.batch_id, signal)
            if not open_calls and not await asyncio.to_thread(self._calls_left, order.batch_id):
                return Filled(calls_left=False)
            fresh = [call for call in open_calls if call not in told]
            await self._signal(fresh, signal)
            told.update(fresh)
            activity.heartbeat()
            await asyncio.sleep(LONGEST_REST)
        return Filled(calls_left=True)

    def _end_unstarted(self, batch_id: str, reason: str) -> int:
        parts = self._parts
        with parts.database.write() as session:
            batch = batches.locked(session, batch_id)
            ended, owed = ending.end_unstarted(
                session, parts.lifecycle, batch, parts.clock(), reason=reason, limit=PAGE
            )
        parts.start_deliveries(owed)
        return ended

    def _open(self, batch_id: str, signal: str) -> list[str]:
        """Calls to be told: all that are open, or with ``proceed`` those that are not live."""
        with self._parts.database.read() as session:
            batch, after, found = batches.load(session, batch_id), "", list[str]()
            while page := batches.on_its_way(session, batch, after=after, limit=PAGE):
                after = page[-1].id
                found += [
                    call.id for call in page if signal == "cancel" or call.status is CallStatus.SCHEDULED
                ]
        return found

    def _calls_left(self, batch_id: str) -> bool:
        with self._parts.database.read() as session:
            return batches.has_open_calls(session, batches.load(session, batch_id))

    def _give_turn(self, ids: Iterable[str]) -> None:
        with self._parts.database.write() as session:
            lines.give_turn(session, list(ids), self._parts.clock())

    def _mark_started(self, ids: list[str]) -> None:
        with self._parts.database.write() as session:
            upkeep.mark_started(session, ids)

    async def _signal(self, ids: Iterable[str], name: str) -> None:
        await _side_by_side(lambda call_id: self._signal_one(call_id, name), ids)

    async def _signal_one(self, call_id: str, name: str) -> None:
        try:
            await self._client.get_workflow_handle(call_id).signal(name)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # else it has ended, or the sweep will end it
                raise


async def _side_by_side(work: Callable[[Item], Awaitable[None]], items: Iterable[Item]) -> None:
    """Do the work for each, a bounded number at once."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(item: Item) -> None:
        async with gate:
            await work(item)

    await asyncio.gather(*map(one, items))
