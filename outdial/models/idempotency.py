"""Requests already answered, by the client's Idempotency-Key."""

from datetime import datetime

from sqlmodel import Field

from outdial.models.base import Table, UtcDateTime, utc_now


class IdempotentRequest(Table, table=True):
    """One key of one account: what was asked (hashed), and the answer once there is one."""

    account_id: str = Field(foreign_key="account.id", primary_key=True)
    key: str = Field(primary_key=True, max_length=255)
    request_hash: str
    status_code: int | None = None  # None while the first request is in flight
    body: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
