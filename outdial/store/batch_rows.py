"""The rows of a batch's uploads: written many at a time, counted, taken back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, inspect, text
from sqlmodel import Session, col, select

from outdial.models import Batch, BatchRejection, BatchStatus, Call, CallEvent
from outdial.store.batches import locked


def numbers_in(session: Session, batch: Batch, numbers: Collection[str]) -> dict[str, int]:
    """Those of the numbers that the batch has already, each with its row."""
    query = select(Call.number, Call.batch_row).where(
        Call.batch_id == batch.id, text("NOT may_repeat"), col(Call.number).in_(numbers)
    )
    return {number: row or 0 for number, row in session.exec(query)}


def count_calls(session: Session, batch: Batch) -> int:
    """How many recipients the batch has."""
    return session.exec(select(func.count()).select_from(Call).where(Call.batch_id == batch.id)).one()


def values_of(row: Call | CallEvent) -> dict[str, Any]:
    """A row's columns by name, as the pattern of many like it. What is empty is left to be NULL."""
    columns = {column.key: getattr(row, column.key) for column in inspect(type(row)).columns}
    return {name: value for name, value in columns.items() if value is not None}


def write(
    session: Session,
    calls: Sequence[dict[str, Any]],
    events: Sequence[dict[str, Any]],
    rejected: Sequence[dict[str, Any]],
) -> None:
    """Write many rows at once, given by column."""
    for model, rows in ((Call, calls), (CallEvent, events), (BatchRejection, rejected)):
        if rows:
            session.connection().execute(insert(model), rows)


def take_back(session: Session, batch_id: str) -> None:
    """Forget an upload that was not completed; the batch too where it was its first."""
    batch = locked(session, batch_id)
    unfinished = select(Call.id).where(Call.batch_id == batch.id, col(Call.batch_row) >= batch.rows)
    rejected = (col(BatchRejection.batch_id) == batch.id, col(BatchRejection.batch_row) >= batch.rows)
    session.exec(delete(CallEvent).where(col(CallEvent.call_id).in_(unfinished)))
    session.exec(delete(Call).where(col(Call.batch_id) == batch.id, col(Call.batch_row) >= batch.rows))
    session.exec(delete(BatchRejection).where(*rejected))
    batch.intake_at = None
    if batch.status is BatchStatus.PREPARING:
        session.delete(batch)


def unfinished(session: Session, before: datetime, *, limit: int) -> Sequence[str]:
    """Batches whose upload has not moved since then: whoever took it in has died."""
    stale = select(Batch.id).where(col(Batch.intake_at) < before)
    return session.exec(stale.limit(limit)).all()


def rejections(session: Session, batch: Batch, *, after: int, limit: int) -> Sequence[BatchRejection]:
    """Refused rows, in the order of the upload, from the one behind row ``after`` on."""
    query = select(BatchRejection).where(
        BatchRejection.batch_id == batch.id, col(BatchRejection.batch_row) > after
    )
    return session.exec(query.order_by(col(BatchRejection.batch_row)).limit(limit)).all()


def calls_after(session: Session, batch: Batch, *, after: int, limit: int) -> Sequence[Call]:
    """The batch's calls, in the order of the upload, from the one behind row ``after`` on."""
    query = select(Call).where(Call.batch_id == batch.id, col(Call.batch_row) > after)
    return session.exec(query.order_by(col(Call.batch_row)).limit(limit)).all()
