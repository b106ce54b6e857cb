"""The do-not-call list of an account."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, insert, or_
from sqlmodel import Session, col

from outdial.ids import new_id
from outdial.models import DoNotCall
from outdial.store.scope import rows_of


def listed(session: Session, account_id: str, numbers: Collection[str], now: datetime) -> set[str]:
    """Those of the numbers that must not be dialled at ``now``."""
    query = rows_of(account_id, DoNotCall).where(col(DoNotCall.number).in_(numbers), _valid(now))
    return {entry.number for entry in session.exec(query)}


def is_listed(session: Session, account_id: str, number: str, now: datetime) -> bool:
    """Whether the number must not be dialled at ``now``."""
    query = rows_of(account_id, DoNotCall).where(DoNotCall.number == number, _valid(now))
    return session.exec(query).first() is not None


def add(
    session: Session,
    account_id: str,
    number: str,
    *,
    source: str,
    note: str = "",
    expires_at: datetime | None = None,
) -> DoNotCall:
    """Put a number on the list. One that is there stays, for the longer of both times."""
    entry = session.exec(rows_of(account_id, DoNotCall).where(DoNotCall.number == number)).first()
    if entry is None:
        entry = DoNotCall(
            account_id=account_id, number=number, source=source, note=note, expires_at=expires_at
        )
    elif entry.expires_at is not None:
        entry.expires_at = None if expires_at is None else max(entry.expires_at, expires_at)
    session.add(entry)
    session.flush()
    return entry


def add_many(
    session: Session,
    account_id: str,
    numbers: Collection[str],
    *,
    source: str,
    note: str,
    expires_at: datetime | None,
    now: datetime,
) -> int:
    """Put numbers on the list, each once, as ``add`` does; answers how many are new."""
    there = session.exec(rows_of(account_id, DoNotCall).where(col(DoNotCall.number).in_(numbers))).all()
    for entry in there:
        if entry.expires_at is not None:
            entry.expires_at = None if expires_at is None else max(entry.expires_at, expires_at)
            session.add(entry)
    known = {entry.number for entry in there}
    same = {"account_id": account_id, "source": source, "note": note, "expires_at": expires_at}
    fresh = [number for number in numbers if number not in known]
    rows = [{**same, "id": new_id("dnc"), "number": number, "created_at": now} for number in fresh]
    if rows:
        session.connection().execute(insert(DoNotCall), rows)
    return len(rows)


def _valid(now: datetime) -> ColumnElement[bool]:
    return or_(col(DoNotCall.expires_at).is_(None), col(DoNotCall.expires_at) > now)
