"""How far a batch has come, counted from its calls."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, Field
from sqlmodel import Session

from outdial.models import Batch, BatchStatus
from outdial.store import batches
from outdial.store.batches import Tally
from outdial.vocabulary import CallStatus, Disposition


class BatchProgress(BaseModel):
    """Counts over a batch's recipients; ``total`` is the sum of the five that follow it."""

    total: int = Field(description="Recipients that were accepted.")
    pending: int = Field(description="Not dialled yet, or waiting for their next attempt.")
    in_progress: int
    completed: int
    failed: int
    canceled: int
    rejected_rows: int = Field(
        description="Rows that were refused when they were uploaded; not part of the total."
    )
    answer_rate: float | None = Field(
        description="Of the calls that were dialled and have ended, the share that a person answered.",
        examples=[0.62],
    )
    outcomes: dict[str, int] = Field(
        description="Calls that have ended, by outcome.",
        examples=[{"BOOKED": 41, "REFUSED": 12, "NO_ANSWER": 7}],
    )
    calls_per_minute: float | None = Field(
        description="Calls ended a minute since the start, pauses left out."
    )
    started_at: datetime | None
    estimated_end_at: datetime | None = Field(description="At the pace so far; null while nothing moves.")
    ended_at: datetime | None


def progress_of(session: Session, batch: Batch, now: datetime) -> BatchProgress:
    """The batch's progress at ``now``."""
    return _progress(batch, batches.tally(session, batch)[batch.id], now)


def progress_of_each(session: Session, of: Sequence[Batch], now: datetime) -> list[BatchProgress]:
    """The progress of several batches, in their order."""
    tallies = batches.tally(session, *of)
    return [_progress(batch, tallies[batch.id], now) for batch in of]


def _progress(batch: Batch, tallies: Sequence[Tally], now: datetime) -> BatchProgress:
    by_status = Counter[CallStatus]()
    for tally in tallies:
        by_status[tally.status] += tally.calls
    pending, live = by_status[CallStatus.SCHEDULED], by_status[CallStatus.IN_PROGRESS]
    ended = by_status.total() - pending - live
    pace = _per_second(batch, ended, now)
    return BatchProgress(
        total=by_status.total(),
        pending=pending,
        in_progress=live,
        completed=by_status[CallStatus.COMPLETED],
        failed=by_status[CallStatus.FAILED],
        canceled=by_status[CallStatus.CANCELED],
        rejected_rows=batch.rejected,
        answer_rate=_answer_rate(tallies),
        outcomes=_outcomes(tallies),
        calls_per_minute=round(pace * 60, 1) if pace is not None else None,
        started_at=batch.started_at,
        estimated_end_at=_estimate(batch, pace, pending + live, now),
        ended_at=batch.ended_at,
    )


def _answer_rate(tallies: Sequence[Tally]) -> float | None:
    dialled = [tally for tally in tallies if tally.status.ended and tally.disposition is not None]
    answered = sum(tally.calls for tally in dialled if tally.disposition is Disposition.ANSWERED)
    total = sum(tally.calls for tally in dialled)
    return round(answered / total, 4) if total else None


def _outcomes(tallies: Sequence[Tally]) -> dict[str, int]:
    found = Counter[str]()
    for tally in tallies:
        if tally.status.ended and tally.outcome is not None:
            found[tally.outcome] += tally.calls
    return dict(found.most_common())


def _per_second(batch: Batch, ended: int, now: datetime) -> float | None:
    if batch.started_at is None or not ended:
        return None
    until = batch.ended_at or batch.paused_at or now
    active = (until - batch.started_at).total_seconds() - batch.paused_seconds
    return ended / active if active > 0 else None


def _estimate(batch: Batch, pace: float | None, left: int, now: datetime) -> datetime | None:
    if batch.status is not BatchStatus.RUNNING or not pace:
        return None
    return now + timedelta(seconds=left / pace)
