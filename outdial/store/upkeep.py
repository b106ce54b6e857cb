"""What upkeep looks for, across all accounts: calls that were never started, or whose workflow may be gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text, update
from sqlmodel import Session, col, select

from outdial.models import Call

# Written out, so that both databases see that the partial index fits.
UNSTARTED = text("NOT workflow_started AND batch_id IS NULL")
# A request that is being answered right now starts its call itself.
UNSTARTED_FOR = timedelta(seconds=10)
# A call that moves writes its row; one that has not for so long is looked at.
QUIET_FOR = timedelta(seconds=60)


def unstarted_calls(session: Session, now: datetime, *, limit: int) -> Sequence[Call]:
    """Calls outside batches that were recorded a while ago and have no workflow yet, the oldest first."""
    query = select(Call).where(UNSTARTED, col(Call.created_at) < now - UNSTARTED_FOR)
    return session.exec(query.order_by(col(Call.created_at)).limit(limit)).all()


def mark_started(session: Session, ids: Sequence[str]) -> None:
    """Remember that these calls have their workflow."""
    statement: Any = update(Call).where(col(Call.id).in_(ids)).values(workflow_started=True)
    session.exec(statement)


def quiet_calls(session: Session, now: datetime, *, after: str, limit: int) -> Sequence[Call]:
    """Calls that are due, have not ended and have not moved for a while; by id, from ``after`` on."""
    long_ago = now - QUIET_FOR
    query = select(Call).where(
        col(Call.ended_at).is_(None),
        col(Call.workflow_started),
        col(Call.updated_at) < long_ago,
        col(Call.due_at) < long_ago,
        col(Call.id) > after,
    )
    return session.exec(query.order_by(col(Call.id)).limit(limit)).all()
