"""Rows as answers show them."""

from collections.abc import Sequence

from api.webhooks.schemas import (
    AccountSecretPublic,
    DeliveryDetail,
    DeliveryPublic,
    TryPublic,
    WebhookPublic,
    WebhookWithSecret,
)
from outdial.models import Account, Delivery, DeliveryTry, WebhookEndpoint


def webhook_public(endpoint: WebhookEndpoint) -> WebhookPublic:
    """An endpoint without its secret."""
    return WebhookPublic(
        id=endpoint.id,
        url=endpoint.url,
        description=endpoint.description,
        events=endpoint.events,
        enabled=endpoint.disabled_at is None,
        disabled_at=endpoint.disabled_at,
        disabled_reason=endpoint.disabled_reason,
        failing_since=endpoint.failing_since,
        previous_secret_valid_until=endpoint.previous_until,
        created_at=endpoint.created_at,
    )


def webhook_with_secret(endpoint: WebhookEndpoint, secret: str) -> WebhookWithSecret:
    """An endpoint with its secret in clear."""
    return WebhookWithSecret(**webhook_public(endpoint).model_dump(), secret=secret)


def account_secret_public(account: Account) -> AccountSecretPublic:
    """The account's secret, without the secret."""
    return AccountSecretPublic(
        exists=account.webhook_secret is not None, previous_secret_valid_until=account.previous_webhook_until
    )


def delivery_public(delivery: Delivery) -> DeliveryPublic:
    """A delivery as it is listed."""
    return DeliveryPublic.model_validate(delivery, from_attributes=True)


def delivery_detail(delivery: Delivery, tries: Sequence[DeliveryTry]) -> DeliveryDetail:
    """A delivery with all that is known of it."""
    requests = [TryPublic.model_validate(each, from_attributes=True) for each in tries]
    return DeliveryDetail(
        **delivery_public(delivery).model_dump(), payload=delivery.payload, requests=requests
    )
