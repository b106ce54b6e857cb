"""Calls that nobody knows about since a backup was restored: whether they were dialled after it was taken.

They are held until a person decides. Whatever has not ended may have lost its workflow, too, and is started again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text, update
from sqlmodel import Session, col, select

from outdial.models import Batch, Call, Notification, NotificationStatus
from outdial.store.scope import owned_by

PAGE = 500
UNSENT = "It may have been sent after the backup that was restored was taken."
_OPEN = col(Call.ended_at).is_(None)
# Written out, so that both databases see that the partial index fits.
_HELD = text("held")


def start_again(session: Session) -> None:
    """Let upkeep start the workflow of whatever has not ended; that of one which runs is left as it is."""
    _run(session, update(Call).where(_OPEN).values(workflow_started=False))
    _run(
        session,
        update(Batch).where(col(Batch.ended_at).is_(None)).values(workflow_started=False, untold=True),
    )


def hold(session: Session, due_before: datetime) -> int:
    """Hold the calls that have not ended and were due before then; answers how many.

    Text messages that were still to be sent are given up: no one may get them twice.
    """
    queued = col(Notification.status) == NotificationStatus.QUEUED
    given_up = update(Notification).where(queued)
    _run(session, given_up.values(status=NotificationStatus.FAILED, error=UNSENT))
    return _run(session, update(Call).where(_OPEN, col(Call.due_at) < due_before).values(held=True))


def held(session: Session, account_id: str | None, *, after: str = "", limit: int = PAGE) -> Sequence[Call]:
    """Calls that are held, of one account or of all, by id from ``after`` on."""
    query = select(Call).where(_HELD, _OPEN, col(Call.id) > after)
    if account_id is not None:
        query = query.where(owned_by(account_id, Call))
    return session.exec(query.order_by(col(Call.id)).limit(limit)).all()


def _run(session: Session, statement: Any) -> int:
    return session.connection().execute(statement).rowcount
