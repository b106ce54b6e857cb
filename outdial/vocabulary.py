"""The field's words for where a call, an attempt and a conversation stand; pure, so that workflows may use them."""

from enum import StrEnum


class CallStatus(StrEnum):
    """Where a call stands, in the words of the published statuses."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def ended(self) -> bool:
        return self in (CallStatus.COMPLETED, CallStatus.FAILED, CallStatus.CANCELED)


class BatchStatus(StrEnum):
    """Where a batch stands."""

    PREPARING = "preparing"  # its recipients are being taken in
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELED = "canceled"  # from the request on; it has ended once its calls have


class Progress(StrEnum):
    """What a call is doing within its status."""

    WAITING = "waiting"  # until it is due
    HELD = "held"  # admission said: not now (Call.hold_reason says why)
    QUEUED = "queued"  # for a line; it is woken when its turn comes
    DIALLING = "dialling"
    RINGING = "ringing"
    TALKING = "talking"
    COOLDOWN = "cooldown"  # between attempts
    EXTRACTING = "extracting"
    ENDED = "ended"


class Disposition(StrEnum):
    """How an attempt ended."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "voicemail"
    FAILED = "failed"
    INVALID_NUMBER = "invalid_number"
    CANCELED = "canceled"
    NOT_PLACED = "not_placed"  # proven never to have reached the carrier
    UNKNOWN = "unknown"


class AttemptState(StrEnum):
    """How far an attempt has come; it never goes back."""

    INTENDED = "intended"
    PLACED = "placed"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


class Sentiment(StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Speaker(StrEnum):
    AGENT = "agent"
    CALLEE = "callee"
