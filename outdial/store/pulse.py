"""How many dials a batch made each minute, and how many of them were answered."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from outdial.models import Attempt, Batch


def per_minute(
    session: Session, batch: Batch, since: datetime, until: datetime
) -> Sequence[tuple[datetime, int, int]]:
    """Minute, dials, answers; minutes without a dial are left out."""
    minute = _minute(session)
    counted: Any = sa.select(minute, sa.func.count(), sa.func.count(col(Attempt.answered_at))).where(
        col(Attempt.batch_id) == batch.id,
        col(Attempt.intended_at) >= since,
        col(Attempt.intended_at) <= until,
    )
    rows: Any = session.connection().execute(counted.group_by(minute).order_by(minute)).all()
    return [(_instant(at), dials, answers) for at, dials, answers in rows]


def last_dial(session: Session, batch: Batch) -> datetime | None:
    """When the batch dialled last."""
    newest: Any = sa.select(sa.func.max(Attempt.intended_at)).where(col(Attempt.batch_id) == batch.id)
    return session.connection().execute(newest).scalar()


def _minute(session: Session) -> Any:
    if session.get_bind().dialect.name == "postgresql":
        return sa.func.date_trunc("minute", Attempt.intended_at, "UTC")
    # SQLite keeps instants as text in UTC; the first 16 characters name the minute.
    return sa.func.substr(sa.type_coerce(Attempt.intended_at, sa.String()), 1, 16)


def _instant(at: datetime | str) -> datetime:
    found = datetime.fromisoformat(at) if isinstance(at, str) else at
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
