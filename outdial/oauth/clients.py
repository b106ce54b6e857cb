"""OAuth clients: made with a secret that is shown once, recognised by it, revoked."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from outdial.models import Account, OAuthClient
from outdial.oauth.scopes import known
from outdial.store import oauth
from outdial.store.scope import get

PREFIX = "od_secret_"
SECRET_BYTES = 32
TOUCH_EVERY = timedelta(minutes=1)


def create_client(
    session: Session, account_id: str, name: str, scopes: Sequence[str], *, test: bool = False
) -> tuple[OAuthClient, str]:
    """A new client and its secret, which is kept nowhere. Raises Invalid for a scope that there is not."""
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    client = OAuthClient(
        account_id=account_id, name=name, secret_hash=_hash(secret), scopes=known(scopes), test=test
    )
    session.add(client)
    session.flush()
    return client, secret


def recognise(session: Session, client_id: str, secret: str) -> OAuthClient | None:
    """The client with that id and secret; None where there is none, or it was revoked."""
    found = oauth.find_client(session, client_id)
    # Compared also where there is no such client, so that both answers take as long.
    fits = hmac.compare_digest(found[1].secret_hash if found else _hash(""), _hash(secret))
    return found[1] if found and fits else None


def owner_of(session: Session, client_id: str) -> tuple[Account, OAuthClient] | None:
    """The client that a token names, with its account; None once it was revoked."""
    return oauth.find_client(session, client_id)


def revoke_client(session: Session, account_id: str, client_id: str, now: datetime) -> OAuthClient:
    """Make the client and all of its tokens useless from now on; harmless twice. Raises NotFound."""
    client = get(session, account_id, OAuthClient, client_id)
    client.revoked_at = client.revoked_at or now
    session.add(client)
    return client


def is_stale(client: OAuthClient, now: datetime) -> bool:
    """Whether the time of last use is old enough to be written again."""
    return client.last_used_at is None or now - client.last_used_at >= TOUCH_EVERY


def _hash(secret: str) -> str:
    # 256 random bits can't be guessed, so a fast hash without salt is enough.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
