"""The demo's webhook receiver."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks import Webhook

from outdial.cli.demo.receiver import Received, Receiver, receiving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"event_type": "call.completed", "call_id": "call_1"}'


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that listens and knows the secret."""
    with receiving() as receiver:
        receiver.secret = SECRET
        yield receiver


def deliver(receiver: Receiver, secret: str) -> int:
    """Send the event, signed with that secret; how it was answered."""
    now = datetime.now(UTC)
    signature = Webhook(secret).sign("msg_1", now, BODY)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    return httpx.post(receiver.url, content=BODY, headers=headers, trust_env=False, timeout=30).status_code


def test_a_rightly_signed_delivery_is_taken(receiver: Receiver) -> None:
    """It is answered with success and noted as verified."""
    assert deliver(receiver, SECRET) == 204
    assert receiver.received == [Received("call.completed", "call_1", verified=True)]


def test_a_wrongly_signed_delivery_is_refused(receiver: Receiver) -> None:
    """It is noted as not verified, so that the demo can't pass on it."""
    assert deliver(receiver, "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0") == 401
    assert not receiver.received[0].verified
