"""What statuses and events are called on pages, and why a call waits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from outdial.models import Call, CallEvent, CallStatus, Progress
from outdial.windows import ALL_DAYS

_TONES = {
    "completed": "good",
    "delivered": "good",
    "running": "busy",
    "in_progress": "busy",
    "failed": "bad",
    "dead": "bad",
    "canceled": "quiet",
    "paused": "warn",
    "pending": "warn",
}
_EVENTS = {
    "call.scheduled": "Accepted",
    "call.started": "Started",
    "call.answered": "Answered",
    "call.held": "Held",
    "call.paused": "Paused",
    "call.resumed": "Resumed",
    "call.rescheduled": "Rescheduled",
    "call.retry_scheduled": "Retry scheduled",
    "call.extracted": "Conversation understood",
    "call.extraction_failed": "Conversation could not be understood",
    "call.completed": "Completed",
    "call.failed": "Failed",
    "call.canceled": "Canceled",
    "attempt.dialling": "Dialling",
    "attempt.initiated": "Taken by the carrier",
    "attempt.ringing": "Ringing",
    "attempt.answered": "Answered",
    "attempt.machine": "Answered by a machine",
    "attempt.ended": "Hung up",
}
_NOW = {
    Progress.DIALLING: "It is being dialled.",
    Progress.RINGING: "The phone is ringing.",
    Progress.TALKING: "They are talking.",
    Progress.EXTRACTING: "The conversation is over and is being read.",
}


def plain(word: str | None) -> str:
    """A word of the API as people write it: ``in_progress`` is “in progress”."""
    return (word or "—").replace("_", " ")


def said(value: Any) -> str:
    """A value of the timeline as people write it; an agent's own outcomes stay as they are."""
    text = str(value)
    return text if text.isupper() else plain(text)


def tone(word: str) -> str:
    """How a status is coloured; its word is always beside it."""
    return _TONES.get(word, "quiet")


def event(one: CallEvent) -> str:
    """A line of the timeline."""
    return _EVENTS.get(one.type) or plain(one.type.replace(".", " ")).capitalize()


def detail(one: CallEvent) -> list[tuple[str, Any]]:
    """What a line of the timeline adds: names and values, times as instants."""
    return [(plain(name), _instant(value)) for name, value in one.detail.items()]


def hours(given: Mapping[str, Any]) -> str:
    """Calling hours in one line: 09:00–18:00, Mon Tue Wed."""
    days = given["days"]
    named = "every day" if len(days) == len(ALL_DAYS) else " ".join(str(day).capitalize() for day in days)
    return f"{str(given['start'])[:5]}–{str(given['end'])[:5]}, {named}"


def waiting(call: Call, now: datetime) -> tuple[str, datetime | None]:
    """Why the call is not talking at this moment, and until when, if that is known."""
    if call.status.ended:
        return "", None
    if call.paused and call.status is CallStatus.SCHEDULED:
        return "It is paused. Resume it to let it be dialled.", None
    if call.progress in _NOW:
        return _NOW[call.progress], None
    # Who waits for a line is dialled when there is one; its row says when it asks again at the latest.
    until = call.due_at if call.due_at > now and call.progress is not Progress.QUEUED else None
    if call.progress is Progress.COOLDOWN:
        return f"The last dial ended: {plain(call.disposition)}. It is dialled again.", until
    if call.hold_reason:
        said_already = until is not None and until.isoformat() in call.hold_reason
        return call.hold_reason, None if said_already else until
    if until:
        return "It is not due yet.", until
    return (
        "It is due and about to be dialled." if call.workflow_started else "It waits to be started."
    ), None


def _instant(value: Any) -> Any:
    if not isinstance(value, str) or "T" not in value:
        return value
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return value
    return found if found.tzinfo else value
