"""The events as the OpenAPI document describes them, for those who receive them."""

from fastapi import APIRouter, Response

from outdial.webhooks.events import EventType
from outdial.webhooks.payload import (
    BatchPayload,
    CallPayload,
    EndedCallPayload,
    EndpointDisabledPayload,
    TestPayload,
)

published = APIRouter(
    default_response_class=Response,
    responses={
        200: {"description": "Any 2xx takes the event."},
        410: {"description": "Disables the endpoint."},
        "default": {"description": "Anything else, and silence for 30 seconds: tried again later."},
    },
)


@published.post(EventType.CALL_SCHEDULED)
@published.post(EventType.CALL_STARTED)
@published.post(EventType.CALL_ANSWERED)
def call_event(told: CallPayload) -> None:
    """A call was accepted (not told of a batch's calls), was dialled for the first time, or was answered."""


@published.post(EventType.CALL_COMPLETED)
@published.post(EventType.CALL_FAILED)
@published.post(EventType.CALL_CANCELED)
def ended_call_event(told: EndedCallPayload) -> None:
    """A call has ended."""


@published.post(EventType.BATCH_COMPLETED)
@published.post(EventType.BATCH_CANCELED)
def batch_event(told: BatchPayload) -> None:
    """The last call of a batch has ended."""


@published.post(EventType.ENDPOINT_DISABLED)
def endpoint_event(told: EndpointDisabledPayload) -> None:
    """Another endpoint of the account was disabled, because it answered 410 or did nothing but fail."""


@published.post(EventType.WEBHOOK_TEST)
def test_event(told: TestPayload) -> None:
    """A test was asked for."""
