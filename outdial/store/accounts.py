"""Accounts and their keys, for whoever administers an installation."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from outdial.errors import NotFound
from outdial.models import Account, ApiKey
from outdial.store.scope import rows_of


def all_accounts(session: Session) -> Sequence[Account]:
    """Every account, oldest first."""
    return session.exec(select(Account).order_by(col(Account.created_at), col(Account.id))).all()


def find_account(session: Session, account_id: str) -> Account:
    """The account with that id. Raises NotFound."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound(f"There is no account {account_id!r}.", field="account")
    return account


def keys_of(session: Session, account_id: str) -> Sequence[ApiKey]:
    """An account's keys, revoked ones too, oldest first."""
    return session.exec(rows_of(account_id, ApiKey).order_by(col(ApiKey.created_at), col(ApiKey.id))).all()


def find_key(session: Session, key_id: str) -> ApiKey:
    """Whosoever's key that is. Raises NotFound."""
    key = session.get(ApiKey, key_id)
    if key is None:
        raise NotFound(f"There is no API key {key_id!r}.", field="key")
    return key


def count_off(session: Session, account_id: str, calls: int) -> int | None:
    """Lower the account's remaining calls if there are as many; None where it has fewer, or no quota at all."""
    left: Any = col(Account.calls_remaining)
    enough = update(Account).where(col(Account.id) == account_id, left >= calls)
    counted = enough.values(calls_remaining=left - calls).returning(left)
    return session.connection().execute(counted).scalar_one_or_none()


def quota_of(session: Session, account_id: str) -> int | None:
    """How many calls the account has left; None where they are not counted."""
    return session.exec(select(Account.calls_remaining).where(Account.id == account_id)).one()
