"""Signatures as https://www.standardwebhooks.com has them: secrets, and the headers that prove the sender."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"


def new_secret() -> str:
    """A fresh signing secret, 256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signed_headers(signing: Sequence[str], message_id: str, body: str, at: datetime) -> dict[str, str]:
    """The three headers of a message; one signature by each of the secrets, the newest first."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, at, body) for secret in signing),
    }
