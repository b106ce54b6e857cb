"""Lines: how many calls of an account are live. An attempt without an end holds one."""

from sqlalchemy import func
from sqlmodel import Session, col, select

from outdial.models import Account, Attempt
from outdial.store.scope import owned_by


def lock_account(session: Session, account_id: str) -> Account:
    """The account, locked until the transaction ends (SQLite's write transaction is such a lock already)."""
    locked = select(Account).where(Account.id == account_id).with_for_update(key_share=True)
    return session.exec(locked).one()


def in_use(session: Session, account_id: str) -> int:
    """How many lines of the account are taken now."""
    live = select(func.count()).select_from(Attempt)
    return session.exec(live.where(owned_by(account_id, Attempt), col(Attempt.ended_at).is_(None))).one()
