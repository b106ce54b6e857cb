"""How an attempt ended whose conversation was held at a carrier's socket, apart from the dialling."""

from dataclasses import replace
from datetime import datetime, timedelta

from outdial.carriers.base import CarrierEvent
from outdial.models import Attempt, TalkSession
from outdial.store.talks import LOST
from outdial.vocabulary import Disposition

PROCESS_LOST = "The process that held the conversation was lost."
NEVER_BEGAN = "The call was answered, but no conversation came about."


def is_closing(talk: TalkSession | None, now: datetime, lost_after: float) -> bool:
    """Whether the conversation's process is still putting its last words away."""
    fresh = talk is not None and talk.closed_at is None
    return fresh and talk is not None and now - talk.seen_at < timedelta(seconds=lost_after)


def judged(end: CarrierEvent, attempt: Attempt, talk: TalkSession | None) -> CarrierEvent:
    """The end of a call that a person answered, with what the conversation says of it.

    An answered line without a conversation that was held to its end has failed, and may be dialled again.
    """
    if talk is None:
        return _failed(end, NEVER_BEGAN)
    if talk.closed_at is None:
        return _failed(end, PROCESS_LOST)
    if talk.ended_by == LOST:
        return _failed(end, talk.error or PROCESS_LOST)
    return replace(end, ended_by=end.ended_by or talk.ended_by, error_message=end.error_message or talk.error)


def _failed(end: CarrierEvent, error: str) -> CarrierEvent:
    return replace(end, disposition=Disposition.FAILED, ended_by="error", error_message=error)
