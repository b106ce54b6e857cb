"""One try of a delivery: what is to be sent, and what is written down of it afterwards."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from outdial.models import Delivery, DeliveryState, DeliveryTry
from outdial.secrets import SecretBox
from outdial.store import deliveries, webhooks
from outdial.webhooks import endpoints
from outdial.webhooks.events import publish_disabled
from outdial.webhooks.request import Answer, retry_after_seconds
from outdial.webhooks.schedule import DISABLE_AFTER, GONE, wait_for
from outdial.webhooks.signing import signed_headers

SENDER = "Outdial-Webhooks/1"
UNSENT = "webhook-signature"  # left out of what is kept of a request


@dataclass(frozen=True)
class Message:
    """One try's request, at the endpoint's present address and signed by its present secrets."""

    delivery_id: str
    account_id: str
    call_id: str | None
    url: str
    body: str
    secrets: list[str] = field(repr=False)

    def headers(self, now: datetime) -> dict[str, str]:
        """All headers, signed as of now."""
        plain = {"content-type": "application/json", "user-agent": SENDER}
        return {**plain, **signed_headers(self.secrets, self.delivery_id, self.body, now)}


@dataclass(frozen=True)
class Verdict:
    """Where a delivery stands: tried again in ``wait`` seconds, or over. ``notices`` are to be started."""

    state: DeliveryState
    detail: str
    wait: float | None = None
    notices: list[str] = field(default_factory=list[str])


def prepare(session: Session, delivery: Delivery, box: SecretBox, now: datetime) -> Message:
    """What is to be sent. Without secrets where the account has none yet: it is to be given one first."""
    url, signing = delivery.url, []
    if delivery.endpoint_id is None:
        signing = endpoints.account_signing_secrets(deliveries.account_of(session, delivery), box, now)
    else:
        endpoint = webhooks.by_id(session, delivery.endpoint_id)
        url, signing = endpoint.url, endpoints.signing_secrets(endpoint, box, now)
    # The same bytes on every try, as the payload is stored.
    body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":"))
    return Message(delivery.id, delivery.account_id, delivery.call_id, url, body, signing)


def why_not(session: Session, delivery: Delivery) -> str | None:
    """Why nothing may be sent to where it is owed, if so."""
    if delivery.endpoint_id is None:
        return None
    endpoint = webhooks.by_id(session, delivery.endpoint_id)
    if endpoint.deleted_at is not None:
        return "The endpoint was deleted."
    return "The endpoint is disabled." if endpoint.disabled_at is not None else None


def give_up(delivery: Delivery, reason: str, now: datetime) -> Verdict:
    """No further try, until somebody asks for one."""
    delivery.state, delivery.ended_at = DeliveryState.DEAD, now
    delivery.end_reason, delivery.next_try_at = reason, None
    return Verdict(DeliveryState.DEAD, reason)


def ask_again(delivery: Delivery, now: datetime) -> None:
    """Owe it anew, whatever came of it; the message keeps its id."""
    delivery.state, delivery.next_try_at = DeliveryState.PENDING, now
    delivery.ended_at = delivery.end_reason = None


def record(
    session: Session,
    message: Message,
    headers: dict[str, str],
    answer: Answer,
    pause: float | None,
    now: datetime,
) -> Verdict:
    """Write down a try and what follows. ``pause``: seconds before the next one, None after the last."""
    delivery = deliveries.locked(session, message.delivery_id)
    delivery.tries, delivery.url = delivery.tries + 1, message.url
    session.add(_kept(delivery, headers, answer, now))
    if answer.accepted:
        return _delivered(session, delivery, answer, now)
    notices = _count_failure(session, delivery, answer, now)
    detail = _detail(answer)
    if notices is not None:
        return replace(give_up(delivery, f"The endpoint was disabled: {detail}.", now), notices=notices)
    if answer.status == GONE or pause is None:
        return give_up(delivery, f"The last answer: {detail}.", now)
    wait = wait_for(answer.status, retry_after_seconds(answer.retry_after, now), pause)
    delivery.next_try_at = now + timedelta(seconds=wait)
    return Verdict(DeliveryState.PENDING, detail, wait)


def _kept(delivery: Delivery, headers: dict[str, str], answer: Answer, now: datetime) -> DeliveryTry:
    return DeliveryTry(
        account_id=delivery.account_id,
        delivery_id=delivery.id,
        number=delivery.tries,
        at=now - timedelta(milliseconds=answer.duration_ms),
        duration_ms=answer.duration_ms,
        request_headers={name: value for name, value in headers.items() if name != UNSENT},
        status_code=answer.status,
        response_body=answer.body,
        error=answer.error,
    )


def _delivered(session: Session, delivery: Delivery, answer: Answer, now: datetime) -> Verdict:
    delivery.state, delivery.ended_at, delivery.next_try_at = DeliveryState.DELIVERED, now, None
    if delivery.endpoint_id is not None:
        endpoint = webhooks.by_id(session, delivery.endpoint_id)
        if endpoint.failing_since is not None:  # written only when it changes: tries run side by side
            endpoint.failing_since = None
    return Verdict(DeliveryState.DELIVERED, _detail(answer))


def _count_failure(session: Session, delivery: Delivery, answer: Answer, now: datetime) -> list[str] | None:
    """The notices to send if this failure was the endpoint's last, else None."""
    if delivery.endpoint_id is None:
        return None
    endpoint = webhooks.by_id(session, delivery.endpoint_id)
    if endpoint.failing_since is None:
        endpoint.failing_since = now
    if answer.status == GONE:
        return _disable(session, endpoint.id, "It answered 410 Gone.", now)
    if now - endpoint.failing_since >= timedelta(seconds=DISABLE_AFTER):
        return _disable(
            session, endpoint.id, f"Nothing but failures for {DISABLE_AFTER / 3600:g} hours.", now
        )
    return None


def _disable(session: Session, endpoint_id: str, reason: str, now: datetime) -> list[str]:
    session.flush()
    endpoint = webhooks.locked(session, endpoint_id)
    if endpoint.disabled_at is not None:
        return []  # by another try, at the same time
    endpoints.disable(endpoint, reason, now)
    return publish_disabled(session, endpoint, now)


def _detail(answer: Answer) -> str:
    return f"HTTP {answer.status}" if answer.status is not None else answer.error or "no answer"
