"""Rows and parts that the tests of webhooks need."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlmodel import Session

from outdial.links import Links
from outdial.models import Account, Attempt, Call, Delivery, DeliveryTry, WebhookEndpoint
from outdial.secrets import SecretBox
from outdial.settings import Settings
from outdial.store import deliveries, webhooks
from outdial.store.database import Database
from outdial.vocabulary import AttemptState, Disposition
from outdial.webhooks import endpoints
from tests.build import an_attempt

KEY = "Yl6dxTYNzJ4rDRvHjWrBIxdMXWYj5XUpZ1sQUxPZXXA="
SETTINGS = Settings(secret_keys=SecretStr(KEY), data=Path("unused"), webhook_allow_loopback=True)
BOX = SecretBox.from_settings(SETTINGS)
LINKS = Links(SETTINGS)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def an_endpoint(
    session: Session, account: Account, *events: str, url: str = "https://example.com/hook"
) -> tuple[WebhookEndpoint, str]:
    """An endpoint and its secret; all events unless some are named."""
    made = endpoints.create(session, account.id, url, events=events, description="", box=BOX)
    session.flush()
    return made


def a_delivery(session: Session, endpoint: WebhookEndpoint, **given: Any) -> Delivery:
    """A delivery that is due now."""
    values: dict[str, Any] = {
        "account_id": endpoint.account_id,
        "endpoint_id": endpoint.id,
        "url": endpoint.url,
        "event_type": "call.started",
        "payload": {"event_type": "call.started", "call_id": "call_1"},
        "next_try_at": NOW,
        **given,
    }
    delivery = Delivery(**values)
    session.add(delivery)
    session.flush()
    return delivery


def an_answered_attempt(session: Session, call: Call, **given: Any) -> Attempt:
    """The call's first attempt, which talked for 90 seconds."""
    values: dict[str, Any] = {
        "state": AttemptState.ENDED,
        "intended_at": NOW,
        "answered_at": NOW,
        "ended_at": NOW + timedelta(seconds=90),
        "disposition": Disposition.ANSWERED,
        **given,
    }
    return an_attempt(session, call, **values)


def stored(database: Database, delivery_id: str) -> Delivery:
    """The delivery as it is now."""
    with database.read() as session:
        delivery = deliveries.find(session, delivery_id)
        assert delivery is not None
        return delivery


def tries(database: Database, delivery_id: str) -> list[DeliveryTry]:
    """Its tries, in order."""
    with database.read() as session:
        delivery = deliveries.find(session, delivery_id)
        assert delivery is not None
        return list(deliveries.tries_of(session, delivery))


def endpoint_now(database: Database, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """The endpoint as it is now."""
    with database.read() as session:
        return webhooks.by_id(session, endpoint.id)
