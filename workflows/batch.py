"""A batch: waits for its time, places its calls round by round, and reports when the last one has ended."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import SearchAttributeKey

from outdial.vocabulary import BatchStatus
from workflows import names
from workflows.batch_messages import BatchNote, BatchOrder, BatchState, Cancel, Filled, Round, Terms
from workflows.options import UNTIL_DONE

STATUS = SearchAttributeKey.for_keyword(names.STATUS)
# How soon a round that a worker took with it is begun by another.
HEARTBEAT = timedelta(seconds=10)


@workflow.defn(name=names.BATCH_WORKFLOW)
class Batch:
    """Knows only what happens next; which calls there are and who may have a line, the activities ask the rows.

    The calls are workflows of their own, started through the client by the id of their row, so that neither the
    state nor the history here depends on how many there are.
    """

    @workflow.init
    def __init__(self, order: BatchOrder) -> None:
        self._order = order
        self._paused = order.paused
        self._cancel = order.cancel
        self._graceful = order.graceful
        self._noted = order.noted
        self._changed = order.changed
        self._stirred = False
        self._rounds = 0
        self._phase = "waiting"

    @workflow.run
    async def run(self, order: BatchOrder) -> str:
        # Temporal's own cancellation, from its UI or command line, means the same as the cancel signal.
        journey = asyncio.create_task(self._journey())
        while not journey.done():
            try:
                await asyncio.shield(journey)
            except asyncio.CancelledError:
                self.cancel()
        status = journey.result()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if status is None:
            workflow.continue_as_new(self._handed_on())
        return str(status)

    async def _journey(self) -> BatchStatus | None:
        """Where the batch ended; None: it goes on in a new run."""
        await self._wait_until_due()
        while self._rounds < self._order.rounds_per_run:
            self._rounds, self._stirred = self._rounds + 1, False
            await self._read_changes()
            await self._write_down()
            if self._cancel:
                filled = await self._end_calls()
            elif self._paused and not self._is_over():
                await self._stir(self._left())
                continue
            else:
                filled = await self._fill()
            if not filled.calls_left and await self._close():
                return self._noted
            if filled.wait > 0:
                await self._stir(filled.wait)
        return None

    async def _wait_until_due(self) -> None:
        await self._read_changes()
        while not self._cancel and (wait := (self._order.due_at - workflow.now()).total_seconds()) > 0:
            self._stirred = False
            if self._paused and self._noted is not BatchStatus.PAUSED:
                await self._write_down()
            elif not self._paused and self._noted is BatchStatus.PAUSED:
                await self._note(BatchStatus.SCHEDULED)
            self._show("paused" if self._paused else f"until {self._order.due_at:%Y-%m-%d %H:%M:%S} UTC")
            await self._stir(wait)
            await self._read_changes()

    def _left(self) -> float | None:
        """Seconds until nothing may be dialled any more; None: for ever."""
        ends_at = self._order.ends_at
        return None if ends_at is None else (ends_at - workflow.now()).total_seconds()

    def _is_over(self) -> bool:
        left = self._left()
        return left is not None and left <= 0

    async def _read_changes(self) -> None:
        """Read the switch and the times again where somebody has changed them."""
        if not self._changed:
            return
        self._changed = False
        terms = await workflow.execute_activity(
            names.READ_BATCH,
            self._order.batch_id,
            result_type=Terms,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=UNTIL_DONE,
            summary="what has changed",
        )
        if terms.enabled is not self._order.enabled:
            self._paused = not terms.enabled
        self._cancel = self._cancel or terms.gone
        self._order = replace(self._order, due_at=terms.due_at, ends_at=terms.ends_at, enabled=terms.enabled)

    async def _fill(self) -> Filled:
        """One round. A pause or a cancel is written down while it runs, which ends it."""
        self._show("placing calls")
        filling = workflow.start_activity(
            names.FILL,
            Round(self._order.batch_id, self._order.calls_per_round),
            result_type=Filled,
            start_to_close_timeout=timedelta(minutes=5),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=UNTIL_DONE,
            summary="place calls",
        )
        await workflow.wait_condition(lambda: filling.done() or self._has_news() or self._changed)
        await self._read_changes()
        await self._write_down()
        return await filling

    async def _end_calls(self) -> Filled:
        self._show("ending its calls")
        return await workflow.execute_activity(
            names.END_CALLS,
            Round(self._order.batch_id),
            result_type=Filled,
            start_to_close_timeout=timedelta(minutes=5),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=UNTIL_DONE,
            summary="end pending calls" if self._graceful else "end pending and live calls",
        )

    async def _close(self) -> bool:
        """Whether the batch has ended; false where recipients were appended in the meantime."""
        closed = await workflow.execute_activity(
            names.CLOSE_BATCH,
            self._order.batch_id,
            result_type=bool,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=UNTIL_DONE,
            summary="report",
        )
        if closed:
            self._noted = BatchStatus.CANCELED if self._cancel else BatchStatus.COMPLETED
            self._show_status(self._noted)
        return closed

    async def _write_down(self) -> None:
        wanted = self._wanted()
        if wanted is not self._noted:
            await self._note(wanted)

    async def _note(self, status: BatchStatus) -> None:
        self._noted = status
        self._show_status(status)
        await workflow.execute_activity(
            names.NOTE_BATCH,
            BatchNote(self._order.batch_id, status, self._graceful),
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=UNTIL_DONE,
            summary=str(status),
        )

    def _wanted(self) -> BatchStatus:
        if self._cancel:
            return BatchStatus.CANCELED
        return BatchStatus.PAUSED if self._paused else BatchStatus.RUNNING

    def _has_news(self) -> bool:
        return self._wanted() is not self._noted

    async def _stir(self, seconds: float | None) -> None:
        """Sleep for so long, or until a signal changes something or has done so since the round began."""
        try:
            await workflow.wait_condition(lambda: self._stirred, timeout=seconds, timeout_summary=self._phase)
        except TimeoutError:
            return

    def _handed_on(self) -> BatchOrder:
        return replace(
            self._order,
            changed=self._changed,
            paused=self._paused,
            cancel=self._cancel,
            graceful=self._graceful,
            noted=self._noted,
        )

    def _show(self, phase: str) -> None:
        self._phase = phase
        workflow.set_current_details(phase)

    def _show_status(self, status: BatchStatus) -> None:
        self._show(str(status))
        # The SDK leaves a type parameter of this function open.
        workflow.upsert_search_attributes([STATUS.value_set(str(status))])  # pyright: ignore[reportUnknownMemberType]

    @workflow.signal
    def pause(self) -> None:
        """No further dials; live conversations go on."""
        self._paused = self._stirred = True

    @workflow.signal
    def resume(self) -> None:
        """Take up where a pause left off."""
        self._paused, self._stirred = False, True

    @workflow.signal
    def cancel(self, how: Cancel | None = None) -> None:
        """End all calls that have not ended."""
        self._graceful = how is not None and how.graceful
        self._cancel = self._stirred = True

    @workflow.signal
    def appended(self) -> None:
        """There are more recipients."""
        self._stirred = True

    @workflow.signal
    def changed(self) -> None:
        """The batch's row has another switch or other times."""
        self._changed = self._stirred = True

    @workflow.query
    def state(self) -> BatchState:
        """Where the batch stands."""
        return BatchState(self._phase, self._paused, self._cancel, self._rounds)
