"""API keys by what is known of them when nobody has been recognised yet."""

from datetime import datetime

from sqlmodel import Session, col, select

from outdial.models import Account, ApiKey


def owner_of(session: Session, secret_hash: str) -> tuple[Account, ApiKey] | None:
    """The key with that hash and its account, unless it is revoked."""
    query = select(Account, ApiKey).join(ApiKey)
    return session.exec(
        query.where(ApiKey.secret_hash == secret_hash, col(ApiKey.revoked_at).is_(None))
    ).first()


def touch(session: Session, key_id: str, now: datetime) -> None:
    """Note that the key was used."""
    key = session.get_one(ApiKey, key_id)
    key.last_used_at = now
    session.add(key)
