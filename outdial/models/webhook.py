"""Webhook endpoints, the deliveries owed to them, and every try of a delivery."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, text
from sqlmodel import Field

from outdial.ids import new_id
from outdial.models.base import JsonColumn, Table, UtcDateTime, enum_type, utc_now


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class WebhookEndpoint(Table, table=True):
    """An address that an account wants events at. Secrets are stored encrypted."""

    id: str = Field(default_factory=lambda: new_id("whe"), primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    url: str
    description: str = ""
    events: list[str] = Field(default_factory=list, sa_type=JsonColumn)  # empty: all of them
    secret: str
    previous_secret: str | None = None
    previous_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    disabled_reason: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Delivery(Table, table=True):
    """One event owed to one address; written in the transaction of the change that it tells of."""

    __table_args__ = (
        Index("ix_delivery_account", "account_id", "created_at", "id"),
        Index("ix_delivery_account_state", "account_id", "state", "created_at", "id"),
        Index("ix_delivery_account_event", "account_id", "event_type", "created_at", "id"),
        Index("ix_delivery_endpoint", "endpoint_id", "created_at", "id"),
        Index("ix_delivery_account_call", "account_id", "call_id", "created_at", "id"),
        # The mender's question: what should have been tried by now?
        Index(
            "ix_delivery_due",
            "next_try_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    )

    id: str = Field(default_factory=lambda: new_id("msg"), primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    endpoint_id: str | None = Field(default=None, foreign_key="webhook_endpoint.id")
    url: str
    call_id: str | None = None
    event_type: str
    payload: dict[str, Any] = Field(sa_type=JSON)  # plain JSON, which keeps the order of the fields
    state: DeliveryState = Field(default=DeliveryState.PENDING, sa_type=enum_type(DeliveryState))
    tries: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    end_reason: str | None = None  # why it is dead


class DeliveryTry(Table, table=True):
    """One request of a delivery and what came back."""

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    delivery_id: str = Field(foreign_key="delivery.id", index=True)
    number: int
    at: datetime = Field(sa_type=UtcDateTime)
    duration_ms: int
    request_headers: dict[str, str] = Field(default_factory=dict, sa_type=JsonColumn)
    status_code: int | None = None
    response_body: str | None = None  # its first part
    error: str | None = None
