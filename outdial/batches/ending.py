"""The end of a batch, and of those of its calls that nobody will dial."""

from datetime import datetime

from sqlmodel import Session

from outdial.batches.progress import progress_of
from outdial.lifecycle import Lifecycle
from outdial.models import Batch, BatchStatus
from outdial.store import batches
from outdial.vocabulary import CallStatus
from outdial.webhooks.events import EventType, publish_batch


def end_unstarted(
    session: Session, lifecycle: Lifecycle, batch: Batch, now: datetime, *, reason: str, limit: int
) -> tuple[int, list[str]]:
    """End calls that were never started: how many, and the deliveries owed for them."""
    status = CallStatus.CANCELED if batch.status is BatchStatus.CANCELED else CallStatus.FAILED
    page = batches.unstarted(session, batch, zones=None, limit=limit)
    owed: list[str] = []
    for call in page:
        owed += lifecycle.end_call(session, call, status, now, reason=reason)
    return len(page), owed


def set_status(batch: Batch, status: BatchStatus, now: datetime) -> None:
    """Move a locked batch to another status, keeping count of its pauses. One that has ended stays so."""
    if batch.ended_at is not None or batch.status is BatchStatus.CANCELED:
        return
    if batch.paused_at is not None and status is not BatchStatus.PAUSED:
        if batch.started_at is not None:
            batch.paused_seconds += (now - batch.paused_at).total_seconds()
        batch.paused_at = None
    if status is BatchStatus.PAUSED:
        batch.paused_at = batch.paused_at or now
    if status is BatchStatus.RUNNING:
        batch.enabled = batch.enabled or batch.live  # one that is to enable itself when it is due
        batch.started_at = batch.started_at or now
    batch.status, batch.updated_at = status, now
    batch.lines_wanted = 0


def close(session: Session, batch: Batch, now: datetime) -> list[str] | None:
    """End a locked batch unless calls are left (None): the deliveries owed for it."""
    if batch.ended_at is not None:
        return []
    if batch.intake_at is not None or batches.has_open_calls(session, batch) or _goes_on(batch, now):
        return None
    if batch.status is not BatchStatus.CANCELED:
        set_status(batch, BatchStatus.COMPLETED, now)
    batch.ended_at = batch.updated_at = now
    batch.enabled = batch.enabled and not batch.stays_open
    session.add(batch)
    session.flush()
    event = EventType(f"batch.{batch.status}")
    return publish_batch(session, batch, event, progress_of(session, batch, now).model_dump(), now)


def _goes_on(batch: Batch, now: datetime) -> bool:
    """Whether it is a schedule that may still get calls."""
    if not batch.stays_open or batch.status is BatchStatus.CANCELED:
        return False
    return batch.ends_at is None or now < batch.ends_at
