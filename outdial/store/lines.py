"""Lines: how many calls of an account are live, and who waits for one. An attempt without an end holds a line."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, text, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from outdial.models import Account, Attempt, Call, CallStatus, Progress
from outdial.models.call import HAD_TO_WAIT, ON_ITS_WAY
from outdial.store.scope import owned_by

# Whoever is given its turn asks for its line within this time, or is told again.
TURN_TAKEN_WITHIN = timedelta(seconds=15)
# Who waits for a line is woken; this is for the case that nobody does.
QUEUED_FOR = timedelta(hours=1)

# Written out, so that both databases see that the partial indexes fit.
_ON_ITS_WAY, _HAD_TO_WAIT = text(ON_ITS_WAY), text(HAD_TO_WAIT)
# Those that had to wait and were given their turn.
_WITH_TURN = (col(Call.progress) == Progress.WAITING, col(Call.hold_reason).is_not(None))


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


def holding_places(session: Session, account_id: str, batch_id: str | None, now: datetime) -> int:
    """How many calls of a batch (or, with None, of no batch) take part in the use of lines.

    They are on the line or about to dial. A call in its cooldown, one that is held until later, one that missed its
    turn and one whose conversation is over hold no place.
    """
    paused = and_(col(Call.paused), col(Call.status) == CallStatus.SCHEDULED)
    missed = and_(*_WITH_TURN, _told_before(now - TURN_TAKEN_WITHIN))
    due = and_(col(Call.due_at) <= now, col(Call.progress) != Progress.EXTRACTING, ~paused, ~missed)
    of_it = _of(account_id, batch_id)
    return session.exec(select(func.count()).select_from(Call).where(*of_it, _ON_ITS_WAY, due)).one()


def waiting_beside(session: Session, call: Call, now: datetime) -> int:
    """How many calls of the same batch, or outside batches like it, are due and not dialled."""
    due = and_(col(Call.status) == CallStatus.SCHEDULED, col(Call.due_at) <= now, ~col(Call.paused))
    of_it = _of(call.account_id, call.batch_id)
    return session.exec(select(func.count()).select_from(Call).where(*of_it, _ON_ITS_WAY, due)).one()


def queued(
    session: Session, account_id: str, batch_id: str | None, now: datetime, *, limit: int
) -> Sequence[str]:
    """Ids of calls of a batch (or of no batch) that found no line at their turn, the one that waits longest first.

    Before them come those that were given their turn and did not take it: whoever was to tell them has died.
    """
    missed = _queue(account_id, batch_id).where(*_WITH_TURN, _told_before(now - TURN_TAKEN_WITHIN))
    waiting = _queue(account_id, batch_id).where(
        col(Call.progress) == Progress.QUEUED, col(Call.due_at) <= now + QUEUED_FOR
    )
    found: list[str] = []
    for query in (missed, waiting):
        found += session.exec(query.order_by(col(Call.due_at)).limit(limit - len(found))).all()
    return found


def is_waited_for(session: Session, account_id: str, now: datetime) -> bool:
    """Whether a call outside batches waits for a line of the account."""
    return bool(queued(session, account_id, None, now, limit=1))


def give_turn(session: Session, ids: Sequence[str], now: datetime) -> None:
    """These calls may ask for a line now; from here each of them holds a place."""
    waiting = col(Call.progress).in_([Progress.QUEUED, Progress.HELD, Progress.COOLDOWN, Progress.WAITING])
    chosen: Any = update(Call).where(col(Call.id).in_(ids), waiting)
    session.exec(chosen.values(progress=Progress.WAITING, due_at=now, updated_at=now))


def has_turn(call: Call) -> bool:
    """Whether the call had to wait, and was given its turn."""
    return call.progress is Progress.WAITING and call.hold_reason is not None


def turns_given(session: Session, account_id: str, now: datetime) -> int:
    """How many calls outside batches were given their turn and are about to dial."""
    fresh = _queue(account_id, None).where(*_WITH_TURN, ~_told_before(now - TURN_TAKEN_WITHIN))
    return session.exec(select(func.count()).select_from(fresh.subquery())).one()


def accounts_that_queue(session: Session) -> Sequence[str]:
    """Accounts with calls outside batches that wait for a line, or were told that it is their turn."""
    waiting = col(Call.progress).in_([Progress.QUEUED, Progress.WAITING])
    query = select(Call.account_id, Call.batch_id).where(_HAD_TO_WAIT, waiting).distinct()
    # Asked for in the query, SQLite would go through every call outside batches there ever was.
    return [account_id for account_id, batch_id in session.exec(query) if batch_id is None]


def _of(account_id: str, batch_id: str | None) -> tuple[Any, ...]:
    return owned_by(account_id, Call), col(Call.batch_id) == batch_id


def _queue(account_id: str, batch_id: str | None) -> SelectOfScalar[str]:
    """Ids of those that had to wait and are not paused."""
    return select(Call.id).where(*_of(account_id, batch_id), _HAD_TO_WAIT, ~col(Call.paused))


def _told_before(instant: datetime) -> Any:
    return col(Call.updated_at) < instant
