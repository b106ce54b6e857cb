"""Campaigns: named groups of calls and batches."""

from datetime import datetime

from sqlmodel import Field

from outdial.ids import new_id
from outdial.models.base import Table, UtcDateTime, utc_now


class Campaign(Table, table=True):
    """What calls and batches join. ``agent_id`` talks and ``caller_id`` is shown where they name none themselves."""

    id: str = Field(default_factory=lambda: new_id("camp"), primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    name: str
    agent_id: str | None = Field(default=None, foreign_key="agent.id")
    caller_id: str | None = None
    type: str = "scheduled_call"
    is_enabled: bool = True
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
