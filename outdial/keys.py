"""API keys: made, shown once, recognised by their hash, revoked."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlmodel import Session

from outdial.errors import Forbidden
from outdial.models import Account, ApiKey
from outdial.models.account import TEST_PREFIX
from outdial.models.base import utc_now
from outdial.store.keys import owner_of
from outdial.store.scope import get

PREFIX = "od_live_"
SHOWN_CHARACTERS = 12
SECRET_BYTES = 32
TOUCH_EVERY = timedelta(minutes=1)


def create_key(
    session: Session, account_id: str, name: str, secret: str | None = None, *, test: bool = False
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is kept nowhere. ``secret`` sets one instead of drawing it.

    A ``test`` key's calls ring no phone and cost no quota.
    """
    secret = secret or (TEST_PREFIX if test else PREFIX) + secrets.token_urlsafe(SECRET_BYTES)
    key = ApiKey(
        account_id=account_id, name=name, prefix=secret[:SHOWN_CHARACTERS], secret_hash=_hash(secret)
    )
    session.add(key)
    session.flush()
    return key, secret


def authenticate(session: Session, secret: str) -> tuple[Account, ApiKey] | None:
    """Whose key this is; None where it is unknown or revoked."""
    return owner_of(session, _hash(secret))


def is_stale(key: ApiKey, now: datetime) -> bool:
    """Whether the time of last use is old enough to be written again."""
    return key.last_used_at is None or now - key.last_used_at >= TOUCH_EVERY


def revoke_key(session: Session, account_id: str, key_id: str) -> ApiKey:
    """Make the key useless from now on; harmless twice. Raises NotFound."""
    key = get(session, account_id, ApiKey, key_id)
    key.revoked_at = key.revoked_at or utc_now()
    session.add(key)
    return key


def check_may_change(*, by_test_key: bool, test: bool) -> None:
    """A test key leaves alone what rings phones. Raises Forbidden for a call or batch not made with one."""
    if by_test_key and not test:
        raise Forbidden("This was made with a live key; a test key can't change it.", code="made_live")


def _hash(secret: str) -> str:
    # 256 random bits can't be guessed, so a fast hash without salt is enough, and it can be looked up.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
