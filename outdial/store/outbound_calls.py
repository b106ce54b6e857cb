"""The calls that a schedule lists, filtered and paged; each filter has an index of its own.

Ids are found first and rows fetched afterwards, so that a far page and a total are read from an index alone.
A schedule is one that the account was found to own, so its id is condition enough.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exists, func, text
from sqlmodel import Session, col, select

from outdial.models import Attempt, AttemptState, Batch, Call, Disposition, Notification
from outdial.store.scope import find

Tied = TypeVar("Tied", Attempt, Notification)


@dataclass(frozen=True)
class AttemptIs:
    """Some attempt of the call ended so, or, without a disposition, is in this state."""

    disposition: Disposition | None
    state: AttemptState = AttemptState.ENDED


@dataclass(frozen=True)
class OutboundFilter:
    """What to list. ``equal``: columns of LISTED_BY and their values. None does not narrow."""

    equal: Mapping[str, str] = field(default_factory=dict[str, str])
    attempt: AttemptIs | None = None
    is_test_call: bool | None = None

    @property
    def by_attempt_alone(self) -> bool:
        """Whether nothing but attempts decides, so that calls need not be looked at."""
        return self.attempt is not None and not self.equal and self.is_test_call is None


def page_of(session: Session, batch: Batch, wanted: OutboundFilter, *, skip: int, limit: int) -> list[Call]:
    """The calls of one page, the first one added first."""
    query = _ids(batch, wanted).order_by(text("listed_id")).offset(skip).limit(limit)
    ids = session.connection().execute(query).scalars().all()
    found = select(Call).where(col(Call.id).in_(ids)).order_by(col(Call.id))
    return list(session.exec(found).all())


def count_of(session: Session, batch: Batch, wanted: OutboundFilter, *, most: int | None = None) -> int:
    """How many calls there are on all pages; it stops counting at ``most``."""
    if not wanted.equal and wanted.attempt is None and not wanted.is_test_call:
        return _count_added(session, batch, tests=wanted.is_test_call is None)
    ids = _ids(batch, wanted).limit(most)
    # In order, distinct ids are read off the index; PostgreSQL would gather them all before it stops.
    ids = ids.order_by(text("listed_id")) if most is not None and wanted.by_attempt_alone else ids
    counted = select(func.count()).select_from(ids.subquery())
    return session.connection().execute(counted).scalar_one()


def _count_added(session: Session, batch: Batch, *, tests: bool) -> int:
    """How many calls the schedule has, from its own figures, which its additions keep."""
    added = batch.rows - batch.rejected
    return added + (count_of(session, batch, OutboundFilter(is_test_call=True)) if tests else 0)


def attempts_of(session: Session, calls: Sequence[Call]) -> Mapping[str, Sequence[Attempt]]:
    """The attempts of these calls, the first one first, by the call's id."""
    query = select(Attempt).where(col(Attempt.call_id).in_([call.id for call in calls]))
    return _grouped(session.exec(query.order_by(col(Attempt.number))))


def notifications_of(session: Session, calls: Sequence[Call]) -> Mapping[str, Sequence[Notification]]:
    """The text messages tied to these calls, the first one first, by the call's id."""
    query = select(Notification).where(col(Notification.call_id).in_([call.id for call in calls]))
    return _grouped(session.exec(query.order_by(col(Notification.created_at), col(Notification.id))))


def _grouped(rows: Iterable[Tied]) -> Mapping[str, Sequence[Tied]]:
    found: dict[str, list[Tied]] = defaultdict(list)
    for row in rows:
        found[row.call_id].append(row)
    return found


def _ids(batch: Batch, wanted: OutboundFilter) -> Any:
    return _by_attempt(batch, wanted) if wanted.by_attempt_alone else _by_call(batch, wanted)


def _by_call(batch: Batch, wanted: OutboundFilter) -> Any:
    query: Any = sa.select(_listed(Call.id)).where(col(Call.schedule_id) == batch.id)
    query = query.where(*(getattr(Call, column) == value for column, value in wanted.equal.items()))
    if wanted.is_test_call is not None:
        # Written out, so that both databases see that the index of test calls fits.
        query = query.where(text("batch_id IS NULL" if wanted.is_test_call else "batch_id IS NOT NULL"))
    if wanted.attempt is None:
        return query
    tried = select(1).where(col(Attempt.call_id) == col(Call.id), *_attempt_is(wanted.attempt))
    return query.where(exists(tried))


def _by_attempt(batch: Batch, wanted: OutboundFilter) -> Any:
    assert wanted.attempt is not None, "asked for by attempt"
    ids: Any = sa.select(_listed(Attempt.call_id)).where(col(Attempt.schedule_id) == batch.id)
    return ids.where(*_attempt_is(wanted.attempt)).distinct()


def _listed(column: str) -> Any:
    listed: Any = col(column)
    return listed.label("listed_id")


def _attempt_is(wanted: AttemptIs) -> list[Any]:
    if wanted.disposition is not None:
        return [col(Attempt.disposition) == wanted.disposition]
    return [col(Attempt.disposition).is_(None), col(Attempt.state) == wanted.state]


def find_listed(session: Session, account_id: str, call_id: str) -> Call | None:
    """The account's call of that id, if some schedule lists it."""
    call = find(session, account_id, Call, call_id)
    return call if call is not None and call.schedule_id is not None else None
