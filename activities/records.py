"""Writing down what happened to a call: notes on the way, an attempt's end, the call's end."""

import dataclasses

import structlog
from sqlmodel import Session

from activities.blocking import blocking
from activities.parts import Parts
from activities.waiting import later
from outdial.carriers import verdict
from outdial.carriers.base import CarrierEvent
from outdial.lifecycle import MACHINE, note
from outdial.models import AgentDefinition, Attempt, Call
from outdial.models.agent import VoicemailAction
from outdial.store import calls, lines, notifications, talks
from outdial.vocabulary import AttemptState, CallStatus, Disposition, Progress
from workflows import names
from workflows.messages import AttemptEnd, Change, Ending, Finished, Next, Note

_log = structlog.get_logger(__name__)


class RecordActivities:
    """Each may run again after it has already done its work, and then changes nothing.

    It may also run beside itself, where the server has given up a run that goes on: so the call is locked first.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @blocking(names.NOTE)
    def note(self, change: Note) -> None:
        """Keep a change that no other activity keeps."""
        now = self._parts.clock()
        with self._parts.database.write() as session:
            call = calls.locked(session, change.call_id)
            if change.change is Change.CARRIER:
                attempt = calls.attempt_of(session, call, change.attempt or 0)
                assert attempt is not None, "carrier events are kept for attempts that were begun"
                self._parts.lifecycle.carrier_events(session, call, attempt, change.events, now)
                return
            if change.change is Change.RESCHEDULED:
                call.due_at = call.schedule_at = change.due_at or call.due_at
                _leave_queue(call)
            else:
                call.paused = change.change is Change.PAUSED
            note(session, call, f"call.{change.change}", now)

    @blocking(names.CONCLUDE)
    def conclude(self, ended: AttemptEnd) -> Next:
        """Close the attempt and free its line; answer what follows."""
        parts, now = self._parts, self._parts.clock()
        with parts.database.write() as session:
            call = calls.locked(session, ended.call_id)
            attempt = calls.attempt_of(session, call, ended.attempt)
            assert attempt is not None, "only attempts that were begun can end"
            if attempt.ended_at is None:
                parts.lifecycle.carrier_events(session, call, attempt, ended.events, now)
                end = _complete(self._judged(session, attempt, ended), attempt, canceled=ended.canceled)
                parts.lifecycle.end_attempt(session, call, attempt, end, now)
            agent = calls.agent_version(session, call).definition
            following = _what_follows(attempt, agent, canceled=ended.canceled)
            if following.talked and following.retry_at is None:
                parts.lifecycle.extracting(session, call)
            is_waited_for = lines.is_waited_for(session, call.account_id, now)
        if is_waited_for:
            parts.give_turns(call.account_id)
        return following

    def _judged(self, session: Session, attempt: Attempt, ended: AttemptEnd) -> CarrierEvent:
        """The end as the conversation at the carrier's socket saw it, where there was to be one."""
        talks_elsewhere = not self._parts.carrier_of(attempt).talks_here
        to_person = attempt.state is AttemptState.ANSWERED and attempt.answered_by != MACHINE
        if not (talks_elsewhere and to_person) or ended.end.disposition is not None or ended.canceled:
            return ended.end
        talk, now = talks.of(session, attempt), self._parts.clock()
        if verdict.is_closing(talk, now, self._parts.settings.talk_lost_after):
            raise later("The conversation's last words are being kept.", "TalkClosing", 0.2)
        return verdict.judged(ended.end, attempt, talk)

    @blocking(names.FINISH)
    def finish(self, ending: Ending) -> Finished:
        """Record the call's end and owe what tells of it; the webhooks are on their way."""
        parts = self._parts
        with parts.database.write() as session:
            call = calls.locked(session, ending.call_id)
            parts.lifecycle.end_call(session, call, ending.status, parts.clock(), reason=ending.reason)
            session.flush()
            owed = calls.owed_deliveries(session, call)
            to_notify = bool(notifications.queued_for(session, call))
            # It may have been given its turn; a call that was talked to has left its line before.
            leaves_turn = ending.status is not CallStatus.COMPLETED
            is_waited_for = leaves_turn and lines.is_waited_for(session, call.account_id, parts.clock())
        _log.info("call.ended", status=str(ending.status), outcome=call.outcome, deliveries=len(owed))
        parts.start_deliveries(owed)
        if is_waited_for:
            parts.give_turns(call.account_id)
        return Finished(to_notify)

    @blocking(names.NOTIFY)
    def notify(self, call_id: str) -> None:
        """Send the text messages that are owed for the call."""
        self._parts.notifier.notify(call_id)


def _leave_queue(call: Call) -> None:
    if call.progress in (Progress.QUEUED, Progress.HELD):
        call.progress, call.hold_reason = Progress.WAITING, None


def _complete(end: CarrierEvent, attempt: Attempt, *, canceled: bool) -> CarrierEvent:
    """The end with its disposition; a carrier that only says "ended" leaves it to what came before."""
    disposition = end.disposition
    if disposition is None and attempt.state is AttemptState.ANSWERED:
        disposition = Disposition.VOICEMAIL if attempt.answered_by == MACHINE else Disposition.ANSWERED
    if disposition is None:
        disposition = Disposition.CANCELED if canceled else Disposition.NO_ANSWER
    return dataclasses.replace(end, disposition=disposition, retryable=end.retryable and not canceled)


def _what_follows(attempt: Attempt, agent: AgentDefinition, *, canceled: bool) -> Next:
    talked = attempt.disposition is Disposition.ANSWERED
    left_message = (
        attempt.disposition is Disposition.VOICEMAIL and agent.on_voicemail is VoicemailAction.LEAVE_MESSAGE
    )
    reached = (talked or left_message) and not canceled
    return Next(None if reached else attempt.retry_at, talked, reached)
