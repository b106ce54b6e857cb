"""The words of this dialect for where a call and an attempt stand. The whole table is in docs/dialects/mico.md."""

from collections.abc import Mapping

from outdial.errors import Invalid
from outdial.models import Attempt, AttemptState, Call, CallStatus, Disposition, Progress
from outdial.store.outbound_calls import AttemptIs

EXPIRED = "expired"

_PROGRESS: Mapping[Progress, str] = {
    Progress.WAITING: "in_queue",
    Progress.HELD: "in_queue",
    Progress.QUEUED: "in_queue",
    Progress.COOLDOWN: "cooldown",
    Progress.DIALLING: "dialing",
    Progress.RINGING: "ringing",
    Progress.TALKING: "talking",
    Progress.EXTRACTING: "wrapping_up",
}

_LIVE: Mapping[AttemptState, str] = {
    AttemptState.INTENDED: "dialing",
    AttemptState.PLACED: "dialed",
    AttemptState.RINGING: "ringing",
    AttemptState.ANSWERED: "talking",
}

_ENDED: Mapping[Disposition, str] = {
    Disposition.ANSWERED: "hangup",
    Disposition.BUSY: "busy",
    Disposition.NO_ANSWER: "no_answer",
    Disposition.VOICEMAIL: "voicemail",
    Disposition.FAILED: "failed",
    Disposition.INVALID_NUMBER: "invalid_number",
    Disposition.CANCELED: "canceled",
    Disposition.NOT_PLACED: "not_placed",
    Disposition.UNKNOWN: "unknown",
}


def status_of(call: Call) -> str:
    """pending, in_progress, completed, failed, canceled or expired."""
    if call.end_reason == EXPIRED:
        return EXPIRED
    return "pending" if call.status is CallStatus.SCHEDULED else str(call.status)


def progress_of(call: Call) -> str:
    """What the call is doing within its status; once it has ended, why."""
    if not call.status.ended:
        return "paused" if call.paused and call.status is CallStatus.SCHEDULED else _PROGRESS[call.progress]
    return call.end_reason or str(call.status)


def attempt_status_of(attempt: Attempt) -> str:
    """How far an attempt has come, or how it ended; an answered one ends with ``hangup``."""
    if attempt.state is not AttemptState.ENDED:
        return _LIVE[attempt.state]
    return _ENDED[attempt.disposition or Disposition.UNKNOWN]


def read_attempt_status(word: str) -> AttemptIs:
    """What a filter by that word means. Raises Invalid."""
    for disposition, name in _ENDED.items():
        if name == word:
            return AttemptIs(disposition)
    for state, name in _LIVE.items():
        if name == word:
            return AttemptIs(None, state)
    known = ", ".join([*_LIVE.values(), *_ENDED.values()])
    raise Invalid(f"Expected one of: {known}.", field="attempt_status")


def read_outcome(text: str) -> str:
    """An outcome as it is kept: ``Transfer to agent`` is ``TRANSFER_TO_AGENT``."""
    return "_".join(text.replace("-", " ").replace("_", " ").split()).upper()
