"""What a batch's workflow, its activities and its signals say to each other."""

from dataclasses import dataclass
from datetime import datetime

from outdial.vocabulary import BatchStatus


@dataclass(frozen=True)
class BatchOrder:
    """Starts a batch's workflow, or hands it on to its next run. Everything else is in the database."""

    batch_id: str
    due_at: datetime
    ends_at: datetime | None = None
    enabled: bool = True  # a schedule's switch, as it was last read; a pause is another thing
    changed: bool = False  # there is more to read
    paused: bool = False
    cancel: bool = False
    graceful: bool = False
    # What was written down last of the above.
    noted: BatchStatus | None = None
    # After so many rounds the workflow goes on in a new run, so that no history grows long.
    rounds_per_run: int = 200
    # How many calls one round may start; None: as many as have a line within its minute.
    calls_per_round: int | None = None


@dataclass(frozen=True)
class Terms:
    """A batch's switch and times, as its row has them now."""

    due_at: datetime
    ends_at: datetime | None
    enabled: bool
    gone: bool = False  # the batch was deleted


@dataclass(frozen=True)
class Round:
    """One round of starting a batch's calls."""

    batch_id: str
    calls: int | None = None


@dataclass(frozen=True)
class Filled:
    """What came of a round: whether calls are left, and how many seconds there is nothing to do."""

    calls_left: bool
    wait: float = 0


@dataclass(frozen=True)
class BatchNote:
    """Write down where the batch stands."""

    batch_id: str
    status: BatchStatus
    graceful: bool = False


@dataclass(frozen=True)
class Cancel:
    """End the batch; ``graceful`` lets live conversations end by themselves."""

    graceful: bool = False


@dataclass(frozen=True)
class BatchState:
    """What a query of a batch's workflow answers."""

    phase: str
    paused: bool
    cancel_requested: bool
    rounds: int
