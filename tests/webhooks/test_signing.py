"""Signatures, as the published library of Standard Webhooks verifies them."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from outdial.store.database import Database
from outdial.store.lines import lock_account
from outdial.webhooks import endpoints
from outdial.webhooks.signing import new_secret, signed_headers
from tests.build import an_account
from tests.webhooks.builders import BOX, NOW, an_endpoint

BODY = '{"name":"Zoë ₹"}'


def headers(*secrets: str, at: datetime | None = None) -> dict[str, str]:
    return signed_headers(secrets, "msg_1", BODY, at or datetime.now(UTC))


def test_a_signature_is_verified_by_the_published_library() -> None:
    """Its own library takes the headers and gives the payload back."""
    secret = new_secret()
    assert Webhook(secret).verify(BODY, headers(secret)) == {"name": "Zoë ₹"}


def test_another_secret_another_body_another_id_are_refused() -> None:
    """Each of the three is covered by the signature."""
    secret = new_secret()
    signed = headers(secret)
    for key, body, sent in (
        (new_secret(), BODY, signed),
        (secret, BODY + " ", signed),
        (secret, BODY, {**signed, "webhook-id": "msg_2"}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(key).verify(body, sent)


def test_an_old_message_is_refused() -> None:
    """The timestamp is in seconds, and is signed."""
    secret = new_secret()
    signed = headers(secret, at=datetime.now(UTC) - timedelta(minutes=6))
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(secret).verify(BODY, signed)


def test_while_a_secret_rotates_both_verify() -> None:
    """Two signatures stand side by side; a receiver with either secret is served."""
    old, new = new_secret(), new_secret()
    signed = headers(new, old)
    assert len(signed["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        Webhook(secret).verify(BODY, signed)


def test_an_endpoints_old_secret_signs_until_its_time_is_over(database: Database) -> None:
    """After a rotation the former secret is used for the overlap and no longer."""
    with database.write() as session:
        endpoint, old = an_endpoint(session, an_account(session))
        new = endpoints.rotate_secret(endpoint, box=BOX, now=NOW, overlap=60)
    within = endpoints.signing_secrets(endpoint, BOX, NOW + timedelta(seconds=59))
    after = endpoints.signing_secrets(endpoint, BOX, NOW + timedelta(seconds=60))
    assert (within, after) == ([new, old], [new])


def test_secrets_are_not_readable_in_the_database(database: Database) -> None:
    """What is stored is encrypted."""
    with database.write() as session:
        endpoint, secret = an_endpoint(session, an_account(session))
    assert secret.startswith("whsec_")
    assert secret not in endpoint.secret
    assert "whsec_" not in endpoint.secret


def test_an_account_gets_its_secret_once_and_keeps_it(database: Database) -> None:
    """Asking again gives the same secret, until it is rotated."""
    with database.write() as session:
        account = an_account(session)
        first = endpoints.account_secret(session, account.id, BOX)
        again = endpoints.account_secret(session, account.id, BOX)
        new = endpoints.rotate_account_secret(session, account.id, box=BOX, now=NOW, overlap=60)
        kept = lock_account(session, account.id)
    assert first == again != new
    assert endpoints.account_signing_secrets(kept, BOX, NOW) == [new, first]
    assert endpoints.account_signing_secrets(kept, BOX, NOW + timedelta(seconds=61)) == [new]
