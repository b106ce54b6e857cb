"""What every carrier does, and the events that it tells of."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from outdial.vocabulary import Disposition


class EventKind(StrEnum):
    """What a carrier can say of a dial, in the order in which it happens."""

    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    MACHINE = "machine"  # a voicemail greeting was heard
    ENDED = "ended"


@dataclass(frozen=True)
class CarrierEvent:
    """One thing that happened on the line. ``at`` is the carrier's own time.

    ``disposition`` is set on ENDED; ``retryable`` is False where dialling that number again can't help.
    """

    kind: EventKind
    at: datetime | None = None
    disposition: Disposition | None = None
    error_code: str | None = None
    error_message: str | None = None
    ended_by: str | None = None
    retryable: bool = True


@dataclass(frozen=True)
class Timed:
    """An event that will come ``after`` seconds. Only a carrier that simulates knows its future."""

    after: float
    event: CarrierEvent


@dataclass(frozen=True)
class Dial:
    """What a carrier is asked to do. ``key`` names this dial for ever; a carrier that can, refuses it twice."""

    key: str
    number: str
    attempt: int
    caller_id: str
    ring_timeout: float
    max_duration: float
    record: bool


@dataclass(frozen=True)
class Placed:
    """The carrier took the dial. ``script`` is the future of a simulated one, empty for real ones."""

    carrier_call_id: str
    script: list[Timed] = field(default_factory=list["Timed"])


class DialRefused(Exception):
    """The carrier said no and dialled nothing; ``retryable`` says whether asking later can help."""

    def __init__(self, message: str, *, code: str, disposition: Disposition, retryable: bool) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.disposition = disposition
        self.retryable = retryable


class DialUncertain(Exception):
    """Nobody knows whether the carrier dialled: a time-out, a cut connection, a 5xx after sending."""


class Sighting(StrEnum):
    """What a look-up found."""

    FOUND = "found"
    ABSENT = "absent"  # proven: this dial never reached the carrier
    UNSURE = "unsure"


@dataclass(frozen=True)
class Lookup:
    """The carrier's view of a dial: what it has seen so far (``after`` 0) and, simulated, what is to come."""

    sighting: Sighting
    carrier_call_id: str | None = None
    script: list[Timed] = field(default_factory=list[Timed])


class Carrier(Protocol):
    """Who dials. All methods block; they are called from activity threads.

    Events come back to the call's workflow as signals (or, simulated, as the script of ``Placed``).
    """

    name: str
    # Whether conversations run in our converse activity (simulated) or at the carrier's own socket.
    talks_here: bool
    # How much faster than life its people are; limits on ringing and talking shrink with it. 1 for real ones.
    pace: float

    def place(self, dial: Dial) -> Placed:
        """Dial. Raises DialRefused where nothing was dialled, DialUncertain where that is not known."""
        ...

    def look_up(self, dial: Dial, carrier_call_id: str | None, intended_at: datetime) -> Lookup:
        """What became of a dial, by the carrier's id if it is known, else by the dial's key.

        ABSENT is answered only when a request that was under way can no longer arrive.
        """
        ...

    def hang_up(self, carrier_call_id: str) -> list[Timed]:
        """End the call if it is live; harmless if it is not. Returns the events that are known at once."""
        ...
