"""What requests about webhooks look like, and their answers."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, field_validator

from api.body import Body
from outdial.models import DeliveryState
from outdial.webhooks.events import SUBSCRIBABLE, EventType

_URL = "Where events are posted: https, and reachable from the internet."
_EVENTS = "Which events are wanted; empty: all of them."


class _Subscription(Body):
    @field_validator("events", check_fields=False)
    @classmethod
    def _can_be_subscribed(cls, events: list[EventType] | None) -> list[EventType] | None:
        if events and not set(events) <= set(SUBSCRIBABLE):
            raise ValueError(f"expected some of {', '.join(SUBSCRIBABLE)}")
        return events and list(dict.fromkeys(events))


class WebhookCreate(_Subscription):
    """A new endpoint."""

    url: str = Field(description=_URL, examples=["https://example.com/hooks/outdial"])
    events: list[EventType] = Field([], description=_EVENTS, examples=[["call.completed"]])
    description: str = Field("", max_length=500)


class WebhookUpdate(_Subscription):
    """What to change of an endpoint; what is left out or null stays."""

    url: str | None = Field(None, description=_URL)
    events: list[EventType] | None = Field(None, description=_EVENTS)
    description: str | None = Field(None, max_length=500)
    enabled: bool | None = Field(None, description="False sends nothing more; true begins anew.")


class WebhookPublic(BaseModel):
    """An endpoint."""

    id: str = Field(examples=["whe_01k9"])
    url: str
    description: str
    events: list[str] = Field(description=_EVENTS)
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: str | None
    failing_since: datetime | None = Field(description="Since when nothing but failures came back.")
    previous_secret_valid_until: datetime | None = Field(
        description="Until when the secret before signs too."
    )
    created_at: datetime


class WebhookWithSecret(WebhookPublic):
    """An endpoint with its secret, which is shown this once."""

    secret: str = Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])


class AccountSecretPublic(BaseModel):
    """Whether the account has a secret of its own, for addresses that calls name themselves."""

    exists: bool
    previous_secret_valid_until: datetime | None


class AccountSecretRotated(AccountSecretPublic):
    """The account's new secret, which is shown this once."""

    secret: str = Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])


class DeliveryPublic(BaseModel):
    """One event owed to one address."""

    id: str = Field(description="Sent as `webhook-id`, the same on every try.", examples=["msg_01k9"])
    endpoint_id: str | None = Field(description="Null: the call's own `webhook_url`.")
    call_id: str | None
    event_type: str
    url: str
    state: DeliveryState
    tries: int
    next_try_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    end_reason: str | None = Field(description="Why it is dead.")


class TryPublic(BaseModel):
    """One request and what came back."""

    number: int
    at: datetime
    duration_ms: int
    request_headers: dict[str, str] = Field(description="Without the signature.")
    status_code: int | None = Field(description="Null: nobody answered.")
    response_body: str | None = Field(description="Its first 2 KiB.")
    error: str | None


class DeliveryDetail(DeliveryPublic):
    """A delivery with what is sent and every request so far."""

    payload: dict[str, Any]
    requests: list[TryPublic]
