"""Requests already answered: one row per key of an account, written in the transaction of the work itself."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from outdial.models import IdempotentRequest
from outdial.store.scope import rows_of

WAIT_SECONDS = 5


def kept_answer(
    session: Session, account_id: str, key: str, now: datetime, lifetime: timedelta
) -> IdempotentRequest | None:
    """The answer given under this key, unless it is too old; then it is deleted."""
    kept = session.exec(rows_of(account_id, IdempotentRequest).where(IdempotentRequest.key == key)).first()
    if kept is None or kept.created_at > now - lifetime:
        return kept
    session.delete(kept)
    session.flush()
    return None


def claim(session: Session, account_id: str, key: str, request_hash: str, now: datetime) -> IdempotentRequest:
    """Take the key for this transaction, to be completed in it; whoever else wants it waits for the commit.

    Raises IntegrityError where another request has just taken it.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'"))
    row = IdempotentRequest(account_id=account_id, key=key, request_hash=request_hash, created_at=now)
    session.add(row)
    session.flush()
    return row
