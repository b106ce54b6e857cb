"""Requests already answered: one row per key of an account, written in the transaction of the work itself."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

from outdial.models import IdempotentRequest
from outdial.store.scope import rows_of

WAIT_SECONDS = 5


def kept_answer(
    session: Session, account_id: str, key: str, now: datetime, lifetime: timedelta
) -> IdempotentRequest | None:
    """The answer given under this key, unless it is too old; then it is deleted."""
    kept = session.exec(_of_key(account_id, key)).first()
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


def complete(session: Session, account_id: str, key: str, status_code: int, body: str) -> None:
    """Keep the answer under a key that was claimed in an earlier transaction."""
    row = session.exec(_of_key(account_id, key)).one()
    row.status_code, row.body = status_code, body
    session.add(row)


def free(session: Session, account_id: str, key: str) -> None:
    """Let go of a claimed key whose work came to nothing."""
    row = session.exec(_of_key(account_id, key)).first()
    if row is not None and row.status_code is None:
        session.delete(row)
        session.flush()


def _of_key(account_id: str, key: str) -> SelectOfScalar[IdempotentRequest]:
    return rows_of(account_id, IdempotentRequest).where(IdempotentRequest.key == key)
