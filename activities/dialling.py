"""Dialling: admission and intent in one transaction, then the carrier, at most once an attempt, ever."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlmodel import Session

from activities.blocking import blocking
from activities.parts import Parts
from activities.waiting import later
from outdial import admission
from outdial.admission import Admit, Hold, Later, Queue, Refuse
from outdial.carriers.base import (
    Carrier,
    CarrierEvent,
    Dial,
    DialRefused,
    DialUncertain,
    EventKind,
    Lookup,
    Sighting,
    Timed,
)
from outdial.carriers.pacing import NoSlot, Slot, stop, take_slot
from outdial.lifecycle import note
from outdial.metrics import observe_dial
from outdial.models import Account, Attempt, Call
from outdial.models.agent import VoicemailAction
from outdial.sharing import next_in_line
from outdial.store import calls, lines
from outdial.vocabulary import Disposition, Progress
from workflows import names
from workflows.messages import AttemptOrder, Dialled, DialOrder, DialResult, Events

# How often a dial of unknown fate is looked for within the time that one may take.
LOOKS = 6
# How often a second all that wait for the same ask again, and the longest that one of them rests, in seconds.
ASKS, LONGEST_REST = 10.0, 600.0

_log = structlog.get_logger(__name__)


# Simulated people may hurry; our own queues and servers do not. A hurried talk is given so long, in seconds.
RUSHED_TALK = 30.0


@dataclass(frozen=True)
class _Intended:
    """The attempt was admitted and written down; nothing has been asked of the carrier for it before."""

    carrier: Carrier
    dial: Dial
    deliveries: Sequence[str]
    call: Call
    wait: float  # seconds until the carrier takes the next dial
    held: bool  # a rule or a missing line kept it waiting before


@dataclass(frozen=True)
class _Before:
    """The attempt was begun by an earlier run of the activity; what came of it is not known here."""

    call: Call
    attempt: Attempt


@dataclass(frozen=True)
class _Left:
    """The attempt was not begun; ``turns`` are the calls that a line is free for instead."""

    answer: Dialled
    turns: Sequence[str] = ()


class DiallingActivities:
    """What the workflow asks of the carrier."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @blocking(names.DIAL)
    def dial(self, order: DialOrder) -> Dialled:
        """Dial the attempt if admission allows it, or find out what became of it if it was dialled before.

        Fails retryably while dials come too fast, and while it is not known whether the carrier took the dial.
        """
        begun = self._begin(order)
        if isinstance(begun, _Before):
            return self._find(begun.call, begun.attempt)
        if isinstance(begun, _Left):
            self._parts.proceed(begun.turns)
            return begun.answer
        self._parts.start_deliveries(begun.deliveries)
        return self._place(order, begun)

    def _begin(self, order: DialOrder) -> _Intended | _Before | _Left:
        parts, now = self._parts, self._parts.clock()
        # A dial that a power cut makes us forget would be made again.
        with parts.database.write(durable=parts.rings_phones) as session:
            call = calls.load(session, order.call_id)
            attempt = calls.attempt_of(session, call, order.attempt)
            if attempt is not None:
                return _Before(call, attempt)
            if order.find_only:
                return _Left(Dialled(DialResult.NOT_DIALLED))
            decision = admission.decide(session, call, now)
            if isinstance(decision, Admit):
                slot = self._pace(session, call, now)
                if isinstance(slot, Slot):
                    return self._intend(session, call, order, decision, slot)
                decision = Later(slot.reason, slot.seconds or self._spread(session, call, now, slot.asks))
            if isinstance(decision, Refuse):
                note(session, call, "call.refused", now, rule=decision.code, reason=decision.reason)
                return _Left(Dialled(DialResult.REFUSED, reason=decision.code, canceled=decision.canceled))
            until = None if isinstance(decision, Later) else decision.until
            progress = Progress.QUEUED if isinstance(decision, Queue) else Progress.HELD
            parts.lifecycle.hold(session, call, decision.reason, now, until, progress=progress)
            if not isinstance(decision, Later):
                held = Dialled(DialResult.HELD, held_until=decision.until, reason=decision.reason)
                # Held for another reason, it leaves the line to others; a line that it did not find, it can't.
                leaves = isinstance(decision, Hold)
                return _Left(held, next_in_line(session, call.account_id, now) if leaves else [])
            pause = decision.again_in or self._spread(session, call, now, ASKS)
        raise later(decision.reason, "NotNow", pause)

    def _pace(self, session: Session, call: Call, now: datetime) -> Slot | NoSlot:
        account = session.get_one(Account, call.account_id)  # admission has locked it
        return take_slot(session, account, self._parts.carrier_for(call).rate, now)

    def _spread(self, session: Session, call: Call, now: datetime, asks: float) -> float:
        """Seconds until it asks again, where all that wait like it are to ask so often a second together."""
        waiting = lines.waiting_beside(session, call, now)
        return min(max(self._parts.settings.line_poll, waiting / asks), LONGEST_REST)

    def _intend(
        self, session: Session, call: Call, order: DialOrder, admitted: Admit, slot: Slot
    ) -> _Intended:
        parts, now, carrier = self._parts, self._parts.clock(), self._parts.carrier_for(call)
        held = call.hold_reason is not None
        attempt, deliveries = parts.lifecycle.begin_attempt(
            session, call, order.attempt, carrier=carrier.name, admitted=admitted, now=now
        )
        attempt.caller_id = parts.caller_id_for(session, call)
        agent = calls.agent_version(session, call).definition
        leaves_message = agent.on_voicemail is VoicemailAction.LEAVE_MESSAGE
        dial = replace(parts.dial_of(call, attempt), leaves_message=leaves_message)
        return _Intended(carrier, dial, deliveries, call, slot.wait, held)

    def _place(self, order: DialOrder, intended: _Intended) -> Dialled:
        carrier, dial = intended.carrier, intended.dial
        time.sleep(intended.wait)
        observe_dial(intended.call, self._parts.clock(), held=intended.held)
        try:
            placed = carrier.place(dial)
        except DialRefused as refusal:
            self._stop_if_told(carrier, refusal)
            return self._placed(carrier, [Timed(0, _end_of(refusal))], dial.max_duration)
        except DialUncertain:
            with self._parts.database.read() as session:
                call = calls.load(session, order.call_id)
                attempt = calls.attempt_of(session, call, order.attempt)
            assert attempt is not None, "the intent was committed before the carrier was asked"
            return self._find(call, attempt)
        self._record(order, placed.carrier_call_id)
        _log.info("dial.placed", attempt=order.attempt, carrier_call_id=placed.carrier_call_id)
        return self._placed(carrier, placed.script, dial.max_duration)

    def _find(self, call: Call, attempt: Attempt) -> Dialled:
        """What became of a dial that may have been made: never dialled again here, only looked up."""
        carrier, found = self._parts.carrier_of(attempt), self._look_up(call, attempt)
        if found.sighting is Sighting.UNSURE and self._is_given_up(attempt):
            return self._placed(carrier, [Timed(0, _UNKNOWN)], call.max_duration_seconds)
        if found.sighting is Sighting.UNSURE:
            pause = self._parts.settings.dial_timeout / LOOKS
            raise later("The carrier can't say yet whether it took the dial.", "DialUnsettled", pause)
        if found.sighting is Sighting.ABSENT:
            return self._placed(carrier, [Timed(0, _NOT_PLACED)], call.max_duration_seconds)
        if attempt.carrier_call_id is None and found.carrier_call_id is not None:
            self._record(DialOrder(call.id, attempt.number), found.carrier_call_id)
        return self._placed(carrier, found.script, call.max_duration_seconds)

    def _is_given_up(self, attempt: Attempt) -> bool:
        age = self._parts.clock() - attempt.intended_at
        return age.total_seconds() >= self._parts.settings.unsettled_for

    def _stop_if_told(self, carrier: Carrier, refusal: DialRefused) -> None:
        """The carrier refuses the whole account: nobody is dialled for a while, and the operator is told."""
        if not refusal.stops or carrier.rate is None:
            return
        _log.error("carrier.refuses_account", carrier=carrier.name, code=refusal.code, reason=refusal.message)
        with self._parts.database.write() as session:
            stop(session, carrier.rate, refusal.message, self._parts.clock())

    @blocking(names.LOOK_UP)
    def look_up(self, order: AttemptOrder) -> Events:
        """The carrier's view of an attempt that has been silent for too long."""
        call, attempt = self._rows(order)
        found = self._look_up(call, attempt)
        return Events([Timed(0, _NOT_PLACED)] if found.sighting is Sighting.ABSENT else found.script)

    @blocking(names.HANG_UP)
    def hang_up(self, order: AttemptOrder) -> Events:
        """End the line."""
        _, attempt = self._rows(order)
        if attempt.carrier_call_id is None:
            return Events([])
        return Events(self._parts.carrier_of(attempt).hang_up(attempt.carrier_call_id))

    def _look_up(self, call: Call, attempt: Attempt) -> Lookup:
        dial = self._parts.dial_of(call, attempt)
        return self._parts.carrier_of(attempt).look_up(dial, attempt.carrier_call_id, attempt.intended_at)

    def _record(self, order: DialOrder, carrier_call_id: str) -> None:
        with self._parts.database.write() as session:
            calls.mark_placed(session, order.call_id, order.attempt, carrier_call_id, self._parts.clock())

    def _placed(self, carrier: Carrier, script: list[Timed], max_duration: float) -> Dialled:
        settings, pace = self._parts.settings, carrier.pace
        return Dialled(
            DialResult.PLACED,
            script,
            ring_limit=settings.ring_timeout / pace,
            talk_limit=max_duration if pace <= 1 else max(max_duration / pace, RUSHED_TALK),
            grace=settings.silence_grace / pace,
        )

    def _rows(self, order: AttemptOrder) -> tuple[Call, Attempt]:
        with self._parts.database.read() as session:
            call = calls.load(session, order.call_id)
            attempt = calls.attempt_of(session, call, order.attempt)
        assert attempt is not None, "only attempts that were begun are followed"
        return call, attempt


_NOT_PLACED = CarrierEvent(EventKind.ENDED, disposition=Disposition.NOT_PLACED)
_UNKNOWN = CarrierEvent(EventKind.ENDED, disposition=Disposition.UNKNOWN)


def _end_of(refusal: DialRefused) -> CarrierEvent:
    return CarrierEvent(
        EventKind.ENDED,
        disposition=refusal.disposition,
        error_code=refusal.code,
        error_message=refusal.message,
        retryable=refusal.retryable,
    )
