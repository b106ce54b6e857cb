"""What happens to a call, written down: each method is one change, in the caller's transaction.

A change writes the rows, a line of the timeline, and the webhooks owed for it; it answers with the ids of
those deliveries, which are to be started once the transaction has committed.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from outdial.admission import Admit
from outdial.agents.base import Extraction
from outdial.batches.policy import policy_of
from outdial.carriers.base import CarrierEvent, EventKind
from outdial.links import Links
from outdial.metrics import count_attempt, count_call
from outdial.models import Attempt, AttemptState, Call, CallEvent, CallStatus, Disposition, Progress
from outdial.notifications.owed import owe
from outdial.policy import RetryDecision, decide_retry
from outdial.store import calls
from outdial.webhooks.events import EventType, publish

PERSON = "person"
MACHINE = "machine"

_STATE_AFTER = {
    EventKind.RINGING: (AttemptState.RINGING, Progress.RINGING),
    EventKind.ANSWERED: (AttemptState.ANSWERED, Progress.TALKING),
    EventKind.MACHINE: (AttemptState.ANSWERED, Progress.TALKING),
}


@dataclass(frozen=True)
class Lifecycle:
    """The changes a call goes through. ``links`` makes the addresses that webhooks carry."""

    links: Links

    def begin_attempt(
        self, session: Session, call: Call, number: int, *, carrier: str, admitted: Admit, now: datetime
    ) -> tuple[Attempt, list[str]]:
        """Record the intent to dial, before the carrier is asked; from here the attempt holds a line."""
        attempt = Attempt(
            account_id=call.account_id,
            batch_id=call.batch_id,
            schedule_id=call.schedule_id,
            call_id=call.id,
            number=number,
            dial_key=f"{call.id}:{number}",
            carrier=carrier,
            admission=admitted.record(),
            intended_at=now,
        )
        first = call.started_at is None
        call.started_at = call.started_at or now
        call.status, call.progress, call.hold_reason = CallStatus.IN_PROGRESS, Progress.DIALLING, None
        call.attempts_made = number
        session.add(attempt)
        note(session, call, "attempt.dialling", now, attempt=number)
        return attempt, self._publish(session, call, EventType.CALL_STARTED, now, attempt) if first else []

    def hold(
        self,
        session: Session,
        call: Call,
        reason: str,
        now: datetime,
        until: datetime | None = None,
        *,
        progress: Progress = Progress.HELD,
    ) -> None:
        """The call may not be dialled yet; its row says why, its timeline only once for the same reason."""
        repeated = call.hold_reason == reason
        call.progress, call.hold_reason = progress, reason
        call.due_at = until or call.due_at
        session.add(call)
        if not repeated:
            note(session, call, "call.held", now, reason=reason)

    def carrier_events(
        self, session: Session, call: Call, attempt: Attempt, events: list[CarrierEvent], now: datetime
    ) -> list[str]:
        """What the carrier told, each once; an attempt's state never goes back."""
        deliveries: list[str] = []
        for event in events:
            at = event.at or now
            if event.kind is EventKind.MACHINE:
                attempt.answered_by = MACHINE
            if not self._advance(call, attempt, event.kind, at):
                continue
            session.add(attempt)
            note(session, call, f"attempt.{event.kind}", at, attempt=attempt.number)
            if attempt.state is AttemptState.ANSWERED:
                deliveries += self._publish(session, call, EventType.CALL_ANSWERED, now, attempt)
        return deliveries

    def _advance(self, call: Call, attempt: Attempt, kind: EventKind, at: datetime) -> bool:
        if kind not in _STATE_AFTER:
            return False
        order = list(AttemptState)
        state, progress = _STATE_AFTER[kind]
        if order.index(attempt.state) >= order.index(state):
            return False
        attempt.state, call.progress = state, progress
        if state is AttemptState.RINGING:
            attempt.ringing_at = at
        else:
            attempt.answered_at = at
            attempt.answered_by = attempt.answered_by or PERSON
        return True

    def end_attempt(
        self, session: Session, call: Call, attempt: Attempt, end: CarrierEvent, now: datetime
    ) -> None:
        """Close the attempt, which frees its line, and decide whether there is another."""
        disposition = end.disposition or Disposition.UNKNOWN
        attempt.state, attempt.ended_at, attempt.disposition = AttemptState.ENDED, now, disposition
        attempt.ended_by = end.ended_by
        attempt.error_code, attempt.error_message = end.error_code, end.error_message
        call.disposition = disposition
        count_attempt(session, attempt)
        session.flush()
        decision = _decide(session, call, disposition, retryable=end.retryable)
        note(
            session,
            call,
            "attempt.ended",
            now,
            attempt=attempt.number,
            disposition=disposition,
            error=end.error_code,
        )
        if decision.after is None:
            return
        call.retries_used += decision.uses_retry
        call.status, call.progress = CallStatus.SCHEDULED, Progress.COOLDOWN
        attempt.retry_at = call.due_at = now + timedelta(seconds=decision.after)
        note(session, call, "call.retry_scheduled", now, due_at=call.due_at.isoformat())

    def extracting(self, session: Session, call: Call) -> None:
        """The conversation is over and is being understood."""
        call.progress = Progress.EXTRACTING

    def extracted(self, session: Session, call: Call, result: Extraction, now: datetime) -> None:
        """What the conversation came to."""
        call.outcome, call.summary, call.sentiment = result.outcome, result.summary, result.sentiment
        call.extracted = result.fields
        note(session, call, "call.extracted", now, outcome=result.outcome)

    def extraction_failed(self, session: Session, call: Call, error: str, now: datetime) -> None:
        """The conversation could not be understood; the call keeps its transcript and says so."""
        call.extraction_error = error
        note(session, call, "call.extraction_failed", now, error=error)

    def end_call(
        self, session: Session, call: Call, status: CallStatus, now: datetime, *, reason: str | None = None
    ) -> list[str]:
        """The call's end, told to whoever subscribed. A call that has ended stays as it ended."""
        if call.status.ended:
            return []
        call.status, call.progress, call.ended_at = status, Progress.ENDED, now
        why = status if status is CallStatus.CANCELED else call.disposition
        call.end_reason = reason or (why and str(why))
        call.hold_reason = None
        if call.outcome is None and call.extraction_error is None and call.end_reason:
            call.outcome = call.end_reason.upper()
        last = calls.last_attempt(session, call)
        if last is not None and last.outcome is None:
            last.outcome, last.outcome_at = call.outcome, now
            session.add(last)
        count_call(session, call)
        owe(session, call, now)
        event = EventType(f"call.{status}")
        note(session, call, event, now, reason=call.end_reason, outcome=call.outcome)
        return self._publish(session, call, event, now, last)

    def _publish(
        self, session: Session, call: Call, event: EventType, now: datetime, attempt: Attempt | None
    ) -> list[str]:
        call.updated_at = now
        return publish(session, call, event, now=now, links=self.links, attempt=attempt)


def note(
    session: Session, call: Call, what: str, at: datetime, *, attempt: int | None = None, **detail: Any
) -> None:
    """Add a line to the call's timeline."""
    call.updated_at = at
    said = {key: value for key, value in detail.items() if value is not None}
    session.add(
        CallEvent(account_id=call.account_id, call_id=call.id, attempt=attempt, type=what, detail=said, at=at)
    )
    session.add(call)


def _decide(session: Session, call: Call, disposition: Disposition, *, retryable: bool) -> RetryDecision:
    policy = policy_of(session, call)
    unplaced = calls.count_unplaced(session, call) if disposition is Disposition.NOT_PLACED else 0
    chance = random.random()
    decision = decide_retry(
        policy.retry,
        disposition,
        retries_used=call.retries_used,
        unplaced=unplaced,
        retryable=retryable,
        chance=chance,
    )
    return RetryDecision(None) if policy.canceled else decision
