"""One attempt, followed from the dial to its end: ringing, talking, hanging up, and a carrier that falls silent."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from outdial.carriers.base import CarrierEvent, EventKind, Timed
from outdial.vocabulary import Disposition
from workflows import names
from workflows.line import Line
from workflows.messages import (
    AttemptEnd,
    AttemptOrder,
    CallOrder,
    Change,
    Dialled,
    Events,
    Next,
    Note,
    TalkOrder,
)
from workflows.options import GO_ON, UNTIL_DONE

# How long a carrier that does not answer is asked for what became of a dial.
LOOK_UP_FOR = timedelta(minutes=10)


class LiveAttempt:
    """A dial that the carrier may have taken. ``follow`` returns once it has ended and its line is free."""

    def __init__(self, order: CallOrder, number: int, dialled: Dialled, show: Callable[[str], None]) -> None:
        self.number = number
        self.concluding = False
        self._order = order
        self._dialled = dialled
        self._line = Line(number)
        self._show = show
        self._cancel = False
        self._cut_short = False
        self._scripts: list[asyncio.Task[None]] = []

    def hear(self, event: CarrierEvent) -> None:
        """An event from the carrier."""
        self._line.hear(event)

    def cancel(self) -> None:
        """Hang up."""
        self._cancel = True

    async def follow(self) -> Next:
        """See the attempt to its end."""
        self._play(self._dialled.script)
        await self._ring()
        if self._line.opened is not None and self._line.end is None:
            await self._talk()
        if self._line.end is None:
            await self._hang_up()
        for script in self._scripts:
            script.cancel()
        return await self._conclude()

    async def _ring(self) -> None:
        self._show(f"ringing, attempt {self.number}")
        limit = self._dialled.ring_limit + self._dialled.grace
        deadline = workflow.now() + timedelta(seconds=limit)
        while not self._decided():
            left = (deadline - workflow.now()).total_seconds()
            if left <= 0 or not await self._until(
                lambda: self._decided() or self._has_news(), left, "ringing"
            ):
                await self._look_up()
                return
            await self._keep_news()

    async def _keep_news(self) -> None:
        """Ringing is shown while it rings; once answered, the next activity keeps it along the way."""
        if self._decided() or not self._has_news():
            return
        events = self._line.take_unkept()
        note = Note(self._order.call_id, Change.CARRIER, self.number, events=events)
        try:
            await workflow.execute_local_activity(
                names.NOTE, note, schedule_to_close_timeout=timedelta(seconds=10), summary="ringing"
            )
        except ActivityError:
            self._line.give_back(events)

    async def _talk(self) -> None:
        self._show(f"talking, attempt {self.number}")
        dialled, line = self._dialled, self._line
        limit = dialled.talk_limit + dialled.grace
        while line.end is None and not self._cancel:
            opened = line.opened
            if not await self._converse(limit) or line.end is not None:
                return
            # At a carrier's own socket the talk goes on; it may turn out that a machine answered.
            await self._until(
                lambda opened=opened: self._is_over() or line.opened is not opened,
                limit,
                "longest conversation",
            )
            if line.opened is opened:
                return

    async def _converse(self, limit: float) -> bool:
        """Talk as far as that is done here, or leave a message; False if that can't go on."""
        line = self._line
        order = TalkOrder(self._order.call_id, self.number, line.to_machine, line.take_unkept())
        talk = workflow.start_activity(
            names.CONVERSE,
            order,
            task_queue=self._order.dial_queue,
            result_type=Events,
            schedule_to_close_timeout=timedelta(seconds=limit),
            heartbeat_timeout=timedelta(seconds=self._order.heartbeat_timeout),
            retry_policy=GO_ON,
            cancellation_type=workflow.ActivityCancellationType.TRY_CANCEL,
            summary="leave a message or hang up" if line.to_machine else "conversation",
        )
        await workflow.wait_condition(lambda: talk.done() or self._is_over())
        if not talk.done():
            _drop(talk)
            line.give_back(order.events)
            return False
        try:
            self._play((await talk).script)
        except ActivityError:
            line.give_back(order.events)
            return False  # The conversation can't go on: hang up.
        return True

    def _is_over(self) -> bool:
        return self._line.end is not None or self._cancel

    async def _hang_up(self) -> None:
        """End the line; if the carrier says nothing to that either, ask it, and at last call the result unknown."""
        self._show(f"hanging up, attempt {self.number}")
        line, self._cut_short = self._line, self._cancel
        await self._ask(names.HANG_UP, "hang up")
        if not await self._until(lambda: line.end is not None, self._dialled.grace, "hanging up"):
            await self._look_up()
        if line.end is None:
            line.hear(CarrierEvent(EventKind.ENDED, disposition=Disposition.UNKNOWN))

    async def _look_up(self) -> None:
        """The carrier has been silent for too long: ask what became of the dial before anything is concluded."""
        await self._ask(names.LOOK_UP, "look up at the carrier")

    async def _ask(self, activity: str, summary: str) -> None:
        asked = workflow.start_activity(
            activity,
            AttemptOrder(self._order.call_id, self.number),
            task_queue=self._order.dial_queue,
            result_type=Events,
            start_to_close_timeout=timedelta(seconds=self._order.dial_timeout),
            schedule_to_close_timeout=LOOK_UP_FOR,
            retry_policy=UNTIL_DONE,
            cancellation_type=workflow.ActivityCancellationType.ABANDON,
            summary=summary,
        )
        await workflow.wait_condition(lambda: asked.done() or self._line.end is not None)
        if not asked.done():
            _drop(asked)
            return
        try:
            self._play((await asked).script)
        except ActivityError:
            return

    async def _conclude(self) -> Next:
        end = self._line.end
        assert end is not None, "an attempt is concluded once it has ended"
        self.concluding = True
        return await workflow.execute_activity(
            names.CONCLUDE,
            AttemptEnd(
                self._order.call_id, self.number, end, self._line.take_unkept(), canceled=self._cut_short
            ),
            result_type=Next,
            start_to_close_timeout=timedelta(seconds=self._order.dial_timeout),
            retry_policy=UNTIL_DONE,
            summary=f"attempt {self.number} {end.disposition or 'ended'}",
        )

    def _play(self, script: list[Timed]) -> None:
        """Hear what is known now; a simulated carrier's future comes by durable timers."""
        for step in script:
            if step.after <= 0:
                self.hear(step.event)
        ahead = [step for step in script if step.after > 0]
        if ahead:
            self._scripts.append(asyncio.create_task(self._play_ahead(ahead)))

    async def _play_ahead(self, script: list[Timed]) -> None:
        elapsed = 0.0
        for step in script:
            if step.after > elapsed:
                await workflow.sleep(step.after - elapsed, summary=f"simulated: {step.event.kind}")
                elapsed = step.after
            self.hear(step.event)

    def _decided(self) -> bool:
        return self._line.opened is not None or self._line.end is not None or self._cancel

    def _has_news(self) -> bool:
        return bool(self._line.unkept)

    async def _until(self, condition: Callable[[], bool], seconds: float, summary: str) -> bool:
        """Whether the condition came true within so many seconds."""
        try:
            await workflow.wait_condition(condition, timeout=seconds, timeout_summary=summary)
        except TimeoutError:
            return False
        return True


def _drop(asked: workflow.ActivityHandle[Events]) -> None:
    """Its answer is not waited for any more, and how it ends is nobody's business."""
    asked.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    asked.cancel()
