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
    """What a carrier is asked to do. ``key`` names this dial for ever; a carrier that can, refuses it twice.

    It is not asked any more from ``not_after`` on: a process that stood still must not dial what another one has
    found undialled meanwhile.
    """

    key: str
    number: str
    attempt: int
    caller_id: str
    ring_timeout: float
    max_duration: float
    record: bool
    not_after: datetime
    # A machine's greeting is to be heard to its end, since a message is left after it.
    leaves_message: bool = False


@dataclass(frozen=True)
class Speech:
    """Words to be spoken by the carrier's own voice."""

    text: str
    language: str
    voice: str | None = None


@dataclass(frozen=True)
class Placed:
    """The carrier took the dial. ``script`` is the future of a simulated one, empty for real ones."""

    carrier_call_id: str
    script: list[Timed] = field(default_factory=list["Timed"])


@dataclass(frozen=True)
class DialRate:
    """How fast a carrier may be asked to dial; ``key`` names the account there that the limit is for."""

    key: str
    per_second: float


class DialRefused(Exception):
    """The carrier said no and dialled nothing; ``retryable`` says whether asking later can help.

    ``stops`` says that no dial of the carrier's account can succeed until somebody mends it.
    """

    def __init__(
        self, message: str, *, code: str, disposition: Disposition, retryable: bool, stops: bool = False
    ) -> None:
        super().__init__(message)
        self.stops = stops
        self.message = message
        self.code = code
        self.disposition = disposition
        self.retryable = retryable


class DialUncertain(Exception):
    """Nobody knows whether the carrier dialled: a time-out, a cut connection, a 5xx after sending."""


class CarrierAway(Exception):
    """The carrier did not answer, or not sensibly; asking again is harmless."""


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
    # How fast it may be asked to dial; None: as fast as can be.
    rate: DialRate | None

    def place(self, dial: Dial) -> Placed:
        """Dial, unless it is too late to; the time is looked at last thing before the request is sent.

        Raises DialRefused where nothing was dialled, DialUncertain where that is not known.
        """
        ...

    def look_up(self, dial: Dial, carrier_call_id: str | None, intended_at: datetime) -> Lookup:
        """What became of a dial, by the carrier's id if it is known, else by the dial's key.

        ABSENT is answered only when a request that was under way can no longer arrive, so never before the
        dial's ``not_after``.
        """
        ...

    def hang_up(self, carrier_call_id: str) -> list[Timed]:
        """End the call if it is live; harmless if it is not. Returns the events that are known at once.

        Raises CarrierAway.
        """
        ...

    def leave_message(self, carrier_call_id: str, message: Speech) -> list[Timed]:
        """Speak to the machine that answered, then end the call. Raises CarrierAway."""
        ...
