"""One call, from the moment it was asked for to its report."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import Priority, SearchAttributeKey
from temporalio.exceptions import ActivityError

from outdial.vocabulary import CallStatus
from workflows import names
from workflows.attempt import LiveAttempt
from workflows.messages import (
    AttemptOrder,
    CallOrder,
    CallState,
    CarrierNews,
    Change,
    Dialled,
    DialOrder,
    DialResult,
    Ending,
    Finished,
    Next,
    Note,
    Reschedule,
)
from workflows.options import UNTIL_DONE, while_it_may_not_dial

# A message that could not be sent for so long would only astonish.
NOTIFY_FOR = timedelta(hours=6)

_STATUS = SearchAttributeKey.for_keyword(names.STATUS)
# A dial is waited for; what is left to do of other calls is not.
FIRST = Priority(priority_key=1)


@workflow.defn(name="OutboundCall")
class OutboundCall:
    """Waits until the call is due, dials, follows the attempt, dials again where the policy says so, reports.

    What may be dialled and when is decided by the dial activity (admission), what is retried by the conclude
    activity (policy): both read the rows as they are at that moment. Here is only what happens next.
    """

    @workflow.init
    def __init__(self, order: CallOrder) -> None:
        self._order = order
        self._due_at = order.due_at
        self._paused = False
        self._cancel = False
        self._stirred = False
        self._turn = False
        self._moved = False
        self._attempt = order.attempts_made
        self._live: LiveAttempt | None = None
        self._early: list[CarrierNews] = []
        self._phase = "waiting"

    @workflow.run
    async def run(self, order: CallOrder) -> str:
        # Temporal's own cancellation, from its UI or command line, means the same as the cancel signal.
        journey = asyncio.create_task(self._journey())
        while not journey.done():
            try:
                await asyncio.shield(journey)
            except asyncio.CancelledError:
                self.cancel()
        status = journey.result()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return status

    async def _journey(self) -> str:
        while True:
            await self._wait_until_due()
            if self._cancel:
                return await self._finish(CallStatus.CANCELED)
            dialled = await self._dial()
            if dialled.result is DialResult.REFUSED:
                status = CallStatus.CANCELED if dialled.canceled else CallStatus.FAILED
                return await self._finish(status, dialled.reason)
            if dialled.result is DialResult.HELD:
                self._wait_for(dialled.held_until or self._due_at)
            if dialled.result is not DialResult.PLACED:
                continue
            following = await self._follow(dialled)
            if following.retry_at is None or self._cancel:
                return await self._report(following)
            self._turn = False
            self._wait_for(following.retry_at)

    def _wait_for(self, due_at: datetime) -> None:
        """Take the time that an activity answered, unless somebody asked for another one in the meantime."""
        if not (self._moved and workflow.patched("moved-in-the-meantime")):
            self._due_at = due_at

    async def _wait_until_due(self) -> None:
        while not self._cancel:
            if self._turn:
                self._due_at, self._turn = workflow.now(), False
            wait = (self._due_at - workflow.now()).total_seconds()
            if not self._paused and wait <= 0:
                return
            self._show("paused" if self._paused else "waiting")
            await self._stir(None if self._paused else wait)

    async def _stir(self, seconds: float | None) -> None:
        """Sleep until a signal changes something, or for so long."""
        self._stirred = False
        try:
            summary = f"until {self._due_at:%Y-%m-%d %H:%M:%S} UTC"
            await workflow.wait_condition(
                lambda: self._stirred or self._turn, timeout=seconds, timeout_summary=summary
            )
        except TimeoutError:
            return

    async def _dial(self) -> Dialled:
        """Ask for admission and dial. A pause, a cancel or another time ends the wait."""
        number = self._attempt + 1
        self._show(f"dialling, attempt {number}")
        self._stirred = self._moved = False
        asked = self._ask_to_dial(DialOrder(self._order.call_id, number))
        await workflow.wait_condition(lambda: asked.done() or self._stirred)
        if not asked.done():
            asked.cancel()
        try:
            dialled = await asked
        except (ActivityError, asyncio.CancelledError):
            # The cancel may have met a dial in flight whose answer is lost: find out, never guess.
            dialled = await self._ask_to_dial(DialOrder(self._order.call_id, number, find_only=True))
        if dialled.result is DialResult.PLACED:
            self._attempt = number
            _index_status(CallStatus.IN_PROGRESS)
        return dialled

    def _ask_to_dial(self, order: DialOrder) -> workflow.ActivityHandle[Dialled]:
        return workflow.start_activity(
            names.DIAL,
            order,
            task_queue=self._order.dial_queue,
            result_type=Dialled,
            start_to_close_timeout=timedelta(seconds=self._order.dial_timeout),
            retry_policy=while_it_may_not_dial(),
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            priority=FIRST,
            summary=f"attempt {order.attempt}" + (", was it dialled?" if order.find_only else ""),
        )

    async def _follow(self, dialled: Dialled) -> Next:
        self._live, self._moved = LiveAttempt(self._order, self._attempt, dialled, show=self._show), False
        if self._cancel:
            self._live.cancel()
        for news in self._early:
            if news.attempt == self._attempt:
                self._live.hear(news.event)
        self._early = []
        following = await self._live.follow()
        self._live = None
        return following

    async def _report(self, following: Next) -> str:
        if following.talked:
            await self._extract()
        if following.reached:
            return await self._finish(CallStatus.COMPLETED)
        if self._cancel:
            return await self._finish(CallStatus.CANCELED)
        return await self._finish(CallStatus.FAILED)

    async def _extract(self) -> None:
        self._show("understanding the conversation")
        await workflow.execute_activity(
            names.EXTRACT,
            AttemptOrder(self._order.call_id, self._attempt),
            task_queue=self._order.dial_queue,
            start_to_close_timeout=timedelta(minutes=3),
            heartbeat_timeout=timedelta(seconds=self._order.heartbeat_timeout),
            retry_policy=UNTIL_DONE,
            summary="summary, outcome, fields",
        )

    async def _finish(self, status: CallStatus, reason: str | None = None) -> str:
        self._show(str(status))
        finished = await workflow.execute_activity(
            names.FINISH,
            Ending(self._order.call_id, status, reason),
            result_type=Finished,
            start_to_close_timeout=timedelta(seconds=self._order.dial_timeout),
            retry_policy=UNTIL_DONE,
            summary=f"report {status}",
        )
        _index_status(status)
        if _owes_messages(finished):
            await self._notify()
        return str(status)

    async def _notify(self) -> None:
        try:
            await workflow.execute_activity(
                names.NOTIFY,
                self._order.call_id,
                start_to_close_timeout=timedelta(seconds=self._order.dial_timeout),
                schedule_to_close_timeout=NOTIFY_FOR,
                retry_policy=UNTIL_DONE,
                summary="text messages",
            )
        except ActivityError:
            return  # It stays queued and is seen as such.

    def _show(self, phase: str) -> None:
        self._phase = phase
        workflow.set_current_details(phase)

    @workflow.signal
    async def pause(self) -> None:
        """No further dial; a live conversation goes on."""
        self._paused = self._stirred = True
        await self._note(Note(self._order.call_id, Change.PAUSED))

    @workflow.signal
    async def resume(self) -> None:
        """Take up where a pause left off."""
        self._paused, self._stirred = False, True
        await self._note(Note(self._order.call_id, Change.RESUMED))

    @workflow.signal
    async def reschedule(self, change: Reschedule) -> None:
        """Dial at another time; without effect on an attempt that is live.

        One that is being concluded may be over for whoever asks: its row says so before the workflow hears of it.
        """
        self._due_at, self._stirred = change.due_at, True
        self._moved = self._live is None or self._live.concluding
        await self._note(Note(self._order.call_id, Change.RESCHEDULED, due_at=change.due_at))

    @workflow.signal
    def cancel(self) -> None:
        """End the call; a ringing or live line is hung up."""
        self._cancel = self._stirred = True
        if self._live is not None:
            self._live.cancel()

    @workflow.signal
    def proceed(self) -> None:
        """There is a line for it; without effect on an attempt that is live."""
        self._turn = self._live is None

    @workflow.signal
    def carrier_event(self, news: CarrierNews) -> None:
        """What the carrier told of an attempt; it may come before the dial itself has answered."""
        if self._live is not None and self._live.number == news.attempt:
            self._live.hear(news.event)
        elif news.attempt > self._attempt:
            self._early.append(news)

    @workflow.query
    def state(self) -> CallState:
        """Where the call stands."""
        return CallState(self._phase, self._attempt, self._due_at, self._paused, self._cancel)

    async def _note(self, change: Note) -> None:
        await workflow.execute_activity(
            names.NOTE,
            change,
            start_to_close_timeout=timedelta(seconds=self._order.dial_timeout),
            retry_policy=UNTIL_DONE,
            summary=str(change.change),
        )


def _owes_messages(finished: Finished | None) -> bool:
    # None: an older version, which sent none.
    return finished is not None and finished.to_notify


def _index_status(status: CallStatus) -> None:
    # The SDK leaves a type parameter of this function open.
    workflow.upsert_search_attributes([_STATUS.value_set(str(status))])  # pyright: ignore[reportUnknownMemberType]
