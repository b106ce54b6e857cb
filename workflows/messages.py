"""What workflows, activities and signals say to each other: one dataclass a message, so that fields can be added."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from outdial.carriers.base import CarrierEvent, Timed
from outdial.vocabulary import CallStatus


@dataclass(frozen=True)
class CallOrder:
    """Starts a call's workflow. Everything else about the call is in the database."""

    call_id: str
    account_id: str
    agent_id: str
    due_at: datetime
    batch_id: str | None = None
    attempts_made: int = 0  # before: the call had ended and is dialled again
    # The longest that one activity may take, and how soon a lost worker is noticed; seconds.
    dial_timeout: float = 30
    heartbeat_timeout: float = 10
    dial_queue: str | None = None  # the task queue of dials and talks; None: the call's own


@dataclass(frozen=True)
class DialOrder:
    """Dial this attempt, or, with ``find_only``, say only whether it was dialled already."""

    call_id: str
    attempt: int
    find_only: bool = False


class DialResult(StrEnum):
    PLACED = "placed"
    NOT_DIALLED = "not_dialled"
    HELD = "held"
    REFUSED = "refused"


@dataclass(frozen=True)
class Dialled:
    """What came of asking to dial: placed (the limits in seconds), held until a time, or refused for good."""

    result: DialResult
    script: list[Timed] = field(default_factory=list[Timed])
    ring_limit: float = 0
    talk_limit: float = 0
    grace: float = 0
    held_until: datetime | None = None
    reason: str | None = None
    canceled: bool = False  # refused because somebody canceled, not because something is wrong


@dataclass(frozen=True)
class AttemptOrder:
    """Names one attempt."""

    call_id: str
    attempt: int


@dataclass(frozen=True)
class TalkOrder:
    """The line is open: to a person, or to a machine that takes messages. ``events`` came before and are to be kept."""

    call_id: str
    attempt: int
    to_machine: bool
    events: list[CarrierEvent]


@dataclass(frozen=True)
class Events:
    """Carrier events that are known now or, from a carrier that simulates, to come."""

    script: list[Timed]


@dataclass(frozen=True)
class AttemptEnd:
    """How an attempt ended. ``events`` came before it and were not kept yet."""

    call_id: str
    attempt: int
    end: CarrierEvent
    events: list[CarrierEvent]
    canceled: bool = False


@dataclass(frozen=True)
class Next:
    """What follows an attempt: another at ``retry_at``, or the end; ``talked`` if there is a conversation to read."""

    retry_at: datetime | None
    talked: bool
    reached: bool


class Change(StrEnum):
    """What is noted of a call between the activities that move it."""

    PAUSED = "paused"
    RESUMED = "resumed"
    RESCHEDULED = "rescheduled"
    CARRIER = "carrier"


@dataclass(frozen=True)
class Note:
    call_id: str
    change: Change
    attempt: int | None = None
    due_at: datetime | None = None
    events: list[CarrierEvent] = field(default_factory=list[CarrierEvent])


@dataclass(frozen=True)
class Ending:
    call_id: str
    status: CallStatus
    reason: str | None = None


@dataclass(frozen=True)
class Finished:
    """What is still to be done for a call that has ended: text messages are owed."""

    to_notify: bool = False


@dataclass(frozen=True)
class CarrierNews:
    """A carrier's event, signalled to the call that the attempt belongs to."""

    attempt: int
    event: CarrierEvent


@dataclass(frozen=True)
class Reschedule:
    due_at: datetime


@dataclass(frozen=True)
class CallState:
    """What a query of a call's workflow answers."""

    phase: str
    attempt: int
    due_at: datetime
    paused: bool
    cancel_requested: bool
