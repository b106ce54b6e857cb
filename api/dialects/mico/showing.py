"""Calls with all that belongs to them, read for an answer."""

from collections.abc import Sequence

from sqlmodel import Session

from api.dialects.mico.call_schemas import OutboundCallPublic
from outdial.models import Batch, Call
from outdial.policy import RetryPolicy
from outdial.store import outbound_calls


def shown(session: Session, schedule: Batch, call: Call) -> OutboundCallPublic:
    """One call of the schedule."""
    return shown_all(session, schedule, [call])[0]


def shown_all(session: Session, schedule: Batch, calls: Sequence[Call]) -> list[OutboundCallPublic]:
    """Several calls of the schedule, in their order."""
    retry = RetryPolicy.model_validate(schedule.retry or {})
    attempts = outbound_calls.attempts_of(session, calls)
    messages = outbound_calls.notifications_of(session, calls)
    return [
        OutboundCallPublic.build(call, retry, attempts.get(call.id, ()), messages.get(call.id, ()))
        for call in calls
    ]
