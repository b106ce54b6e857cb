"""What Twilio's words for a call mean to us."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from outdial.carriers.base import CarrierEvent, EventKind
from outdial.vocabulary import Disposition

if TYPE_CHECKING:
    # A large library, which the API does not need to understand callbacks.
    from twilio.rest.api.v2010.account.call import CallInstance

_MACHINES: Final = ("machine", "fax")  # machine_start, machine_end_beep, …

# `canceled` leaves the disposition to us: either somebody cancelled the call, or it rang for too long.
_ENDS: Final = {
    "completed": None,
    "busy": Disposition.BUSY,
    "no-answer": Disposition.NO_ANSWER,
    "canceled": None,
    "failed": Disposition.FAILED,
}
_KINDS: Final = {
    "initiated": EventKind.INITIATED,
    "ringing": EventKind.RINGING,
    "in-progress": EventKind.ANSWERED,
    "answered": EventKind.ANSWERED,
}


def event_of(status: str, at: datetime | None, *, error_code: str | None = None) -> CarrierEvent | None:
    """What a status tells; None for those that tell nothing."""
    if status in _ENDS:
        return CarrierEvent(EventKind.ENDED, at, disposition=_ENDS[status], error_code=error_code)
    kind = _KINDS.get(status)
    return CarrierEvent(kind, at) if kind else None


def is_machine(answered_by: str | None) -> bool:
    """Whether what answered takes no part in a conversation."""
    return (answered_by or "").startswith(_MACHINES)


def machine_heard(at: datetime | None) -> CarrierEvent:
    """A machine answered."""
    return CarrierEvent(EventKind.MACHINE, at)


def events_of(call: CallInstance) -> list[CarrierEvent]:
    """All that a call's resource tells, in order."""
    status = str(call.status)
    began, ended = _utc(call.start_time), _utc(call.end_time)
    events: list[CarrierEvent | None] = []
    if status in ("in-progress", "completed"):
        events.append(event_of("in-progress", began))
        if is_machine(call.answered_by):
            events.append(machine_heard(began))
    if status != "in-progress":
        events.append(event_of(status, ended))
    return [event for event in events if event]


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
