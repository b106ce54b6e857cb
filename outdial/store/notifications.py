"""Notifications of calls: what is owed, what was sent, what the carrier told of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from outdial.models import Call, Notification, NotificationStatus


def queued_for(session: Session, call: Call) -> Sequence[Notification]:
    """What is still to be sent for the call."""
    owed = select(Notification).where(Notification.call_id == call.id)
    return session.exec(owed.where(Notification.status == NotificationStatus.QUEUED)).all()


def told(
    session: Session,
    notification_id: str,
    status: NotificationStatus,
    *,
    carrier_message_id: str | None,
    error: str | None,
    now: datetime,
) -> None:
    """What the sender or the carrier tells of a message, in whatever order they come; an unknown one is none.

    One that has come to its end stays there.
    """
    found = session.get(Notification, notification_id, with_for_update=True)
    if found is None or found.status.ended:
        return
    found.status, found.updated_at = status, now
    found.carrier_message_id = carrier_message_id or found.carrier_message_id
    found.error = error
    session.add(found)


def overdue(session: Session, before: datetime, *, limit: int) -> Sequence[Notification]:
    """What was owed before then and is still to be sent."""
    owed = select(Notification).where(Notification.status == NotificationStatus.QUEUED)
    late = owed.where(col(Notification.created_at) < before)
    return session.exec(late.order_by(col(Notification.created_at)).limit(limit)).all()
