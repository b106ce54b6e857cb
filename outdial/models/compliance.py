"""Whom an account must not call."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from outdial.ids import new_id
from outdial.models.base import Table, UtcDateTime, utc_now


class DoNotCall(Table, table=True):
    """A number that an account may not dial, until ``expires_at`` if it is given."""

    __table_args__ = (
        UniqueConstraint("account_id", "number"),
        Index("ix_do_not_call_account_created", "account_id", "created_at", "id"),
    )

    id: str = Field(default_factory=lambda: new_id("dnc"), primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    number: str
    source: str
    note: str = ""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
