"""Which calls are followed by a text message, and what it says."""

from enum import StrEnum

from pydantic import BaseModel, Field

from outdial.vocabulary import CallStatus, Disposition

MAX_TEXT = 1_600
_UNREACHED = frozenset({Disposition.NO_ANSWER, Disposition.BUSY, Disposition.VOICEMAIL})


class Trigger(StrEnum):
    """What a message follows."""

    NO_ANSWER = "no_answer"  # the last attempt is over and nobody was reached
    COMPLETED = "completed"  # somebody was talked to


class NotificationRule(BaseModel):
    """One message of a schedule's policy. ``text`` may name the call's variables."""

    trigger: Trigger
    text: str = Field(min_length=1, max_length=MAX_TEXT)


def trigger_of(status: CallStatus, disposition: Disposition | None) -> Trigger | None:
    """What the end of a call amounts to."""
    if status is CallStatus.COMPLETED and disposition is Disposition.ANSWERED:
        return Trigger.COMPLETED
    if status is CallStatus.FAILED and disposition in _UNREACHED:
        return Trigger.NO_ANSWER
    return None
