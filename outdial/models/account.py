"""Accounts, and the keys that act for them."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from outdial.ids import new_id
from outdial.models.base import JsonColumn, Table, UtcDateTime, enum_type, utc_now
from outdial.plans import LIMITS, Plan


class Account(Table, table=True):
    """Who pays: a plan, its lines, the region national numbers are read in."""

    id: str = Field(default_factory=lambda: new_id("acct"), primary_key=True)
    name: str
    plan: Plan = Field(default=Plan.STARTER, sa_type=enum_type(Plan))
    custom_lines: int | None = None
    default_region: str = "US"
    timezone: str = "UTC"
    default_caller_id: str | None = None
    # of calls that have none of their own, nor by their batch
    calling_hours: dict[str, Any] | None = Field(default=None, sa_type=JsonColumn)
    calls_per_second: float | None = (
        None  # at most so many dials a second; None: only the carrier's own limit
    )
    default_agent_id: str | None = None  # talks in calls that name none
    outbound_enabled: bool = True
    consent_required: bool = False
    calls_remaining: int | None = None  # how many more calls may be placed; None is unlimited
    webhook_secret: str | None = None  # encrypted; signs deliveries to a call's own webhook_url
    previous_webhook_secret: str | None = None
    previous_webhook_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    @property
    def lines(self) -> int:
        """How many calls of this account may be live at once."""
        return self.custom_lines if self.custom_lines is not None else LIMITS[self.plan].lines


TEST_PREFIX = "od_test_"


class ApiKey(Table, table=True):
    """A bearer key. Only its SHA-256 is kept; the prefix tells a person which one it is."""

    id: str = Field(default_factory=lambda: new_id("key"), primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    name: str
    prefix: str
    secret_hash: str = Field(unique=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def is_test(self) -> bool:
        """Whether its calls ring no phone and cost no quota."""
        return self.prefix.startswith(TEST_PREFIX)
