"""Text messages that tell a person of a call."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from outdial.ids import new_id
from outdial.models.base import Table, UtcDateTime, enum_type, utc_now


class NotificationStatus(StrEnum):
    """Where a notification stands."""

    QUEUED = "queued"
    SENT = "sent"  # the carrier took it
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"  # the carrier did not take it
    SUPPRESSED = "suppressed"  # the person asked not to be contacted

    @property
    def ended(self) -> bool:
        return self not in (NotificationStatus.QUEUED, NotificationStatus.SENT)


class Notification(Table, table=True):
    """One message tied to a call. It is written down when it is owed, and sent once."""

    __table_args__ = (
        UniqueConstraint("call_id", "trigger", "run"),
        # What should have been sent by now?
        Index(
            "ix_notification_queued",
            "created_at",
            sqlite_where=text("status = 'queued'"),
            postgresql_where=text("status = 'queued'"),
        ),
    )

    id: str = Field(default_factory=lambda: new_id("ntf"), primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    call_id: str = Field(foreign_key="call.id")
    trigger: str
    run: int = 1
    number: str
    text: str
    message_count: int  # segments that the carrier sends it in
    status: NotificationStatus = Field(
        default=NotificationStatus.QUEUED, sa_type=enum_type(NotificationStatus)
    )
    carrier_message_id: str | None = Field(default=None, index=True)
    error: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
