"""Lines: how many calls of an account are live. An attempt without an end holds one."""

from sqlalchemy import func
from sqlmodel import Session, col, select

from outdial.models import Account, Attempt
from outdial.store.scope import owned_by


def lock_account(session: Session, account_id: str) -> Account:
    """The account, locked until the transaction ends (SQLite's write transaction is such a lock already)."""
    locked = select(Account).where(Account.id == account_id).with_for_update(key_share=True)
    return session.exec(locked).one()


def in_use(session: Session, account_id: str, batch_id: str | None = None) -> int:
    """How many lines are taken now, of the account or of one of its batches."""
    live = select(func.count()).select_from(Attempt).where(owned_by(account_id, Attempt))
    if batch_id is not None:
        live = live.where(col(Attempt.batch_id) == batch_id)
    return session.exec(live.where(col(Attempt.ended_at).is_(None))).one()
