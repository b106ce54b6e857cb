"""Which events there are, and writing down who is owed one."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from outdial.links import Links
from outdial.models import Attempt, Batch, Call, Delivery, WebhookEndpoint
from outdial.store import webhooks
from outdial.webhooks.payload import (
    EndpointDisabledPayload,
    TestPayload,
    batch_payload,
    call_payload,
)


class EventType(StrEnum):
    CALL_SCHEDULED = "call.scheduled"
    CALL_STARTED = "call.started"
    CALL_ANSWERED = "call.answered"
    CALL_COMPLETED = "call.completed"
    CALL_FAILED = "call.failed"
    CALL_CANCELED = "call.canceled"
    BATCH_COMPLETED = "batch.completed"
    BATCH_CANCELED = "batch.canceled"
    ENDPOINT_DISABLED = "endpoint.disabled"
    WEBHOOK_TEST = "webhook.test"


# A test goes to the endpoint that it was asked for, subscribed or not.
SUBSCRIBABLE = tuple(event for event in EventType if event is not EventType.WEBHOOK_TEST)


def publish(
    session: Session,
    call: Call,
    event: EventType,
    *,
    now: datetime,
    links: Links,
    attempt: Attempt | None = None,
) -> list[str]:
    """Owe this event to every endpoint that wants it and to the call's own address, in one transaction.

    ``attempt`` is the call's latest. Answers with the ids of the deliveries, to be started after the commit.
    """
    wanting = webhooks.wanting(session, call.account_id, event)
    if not wanting and call.webhook_url is None:
        return []
    payload = call_payload(call, event, now=now, links=links, attempt=attempt)
    owed = [_owed_to(endpoint, event, payload, now, call_id=call.id) for endpoint in wanting]
    if call.webhook_url is not None:
        owed.append(
            Delivery(
                account_id=call.account_id,
                url=call.webhook_url,
                call_id=call.id,
                event_type=event,
                payload=payload,
                next_try_at=now,
                created_at=now,
            )
        )
    return _recorded(session, owed)


def publish_batch(
    session: Session, batch: Batch, event: EventType, counts: Mapping[str, Any], now: datetime
) -> list[str]:
    """Owe the end of a batch to every endpoint that wants it and to the batch's own address."""
    told = batch_payload(batch, event, counts, now)
    wanting = webhooks.wanting(session, batch.account_id, event)
    owed = [_owed_to(endpoint, event, told, now) for endpoint in wanting]
    if batch.webhook_url is not None:
        address: Any = {"account_id": batch.account_id, "url": batch.webhook_url}
        owed.append(Delivery(**address, event_type=event, payload=told, next_try_at=now, created_at=now))
    return _recorded(session, owed)


def publish_test(session: Session, endpoint: WebhookEndpoint, now: datetime) -> Delivery:
    """Owe a test to this endpoint."""
    told = TestPayload(
        **_heading(EventType.WEBHOOK_TEST, now),
        endpoint_id=endpoint.id,
        message="This is a test. If its signature verifies, the real events will too.",
    )
    owed = _owed_to(endpoint, EventType.WEBHOOK_TEST, told.model_dump(mode="json"), now)
    _recorded(session, [owed])
    return owed


def publish_disabled(session: Session, endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """Owe the account's other endpoints the notice that this one was disabled."""
    told = EndpointDisabledPayload(
        **_heading(EventType.ENDPOINT_DISABLED, now),
        endpoint_id=endpoint.id,
        url=endpoint.url,
        reason=endpoint.disabled_reason or "",
    ).model_dump(mode="json")
    wanting = webhooks.wanting(session, endpoint.account_id, EventType.ENDPOINT_DISABLED)
    others = (other for other in wanting if other.id != endpoint.id)
    return _recorded(session, [_owed_to(other, EventType.ENDPOINT_DISABLED, told, now) for other in others])


def _heading(event: EventType, now: datetime) -> dict[str, Any]:
    return {"type": event, "timestamp": now, "event_type": event}


def _owed_to(
    endpoint: WebhookEndpoint,
    event: EventType,
    payload: dict[str, Any],
    now: datetime,
    *,
    call_id: str | None = None,
) -> Delivery:
    return Delivery(
        account_id=endpoint.account_id,
        endpoint_id=endpoint.id,
        url=endpoint.url,
        call_id=call_id,
        event_type=event,
        payload=payload,
        next_try_at=now,
        created_at=now,
    )


def _recorded(session: Session, owed: Iterable[Delivery]) -> list[str]:
    rows = list(owed)
    session.add_all(rows)
    return [row.id for row in rows]
