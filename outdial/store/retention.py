"""What is kept for a time only, in pages from the oldest on: found by ids, which grow with time, and deleted.

A page is one short transaction; ``after`` is where the page before ended, so that what has to stay is not met again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, tuple_, update
from sqlmodel import Session, col, select
from ulid import ULID

from outdial.models import (
    Attempt,
    CarrierReport,
    Delivery,
    DeliveryState,
    DeliveryTry,
    IdempotentRequest,
    Turn,
)

TIME_OF_ULID = 10


class Deleted(NamedTuple):
    """How many rows went, and where the next page begins; None where this was the last."""

    rows: int
    after: Any


def transcripts(session: Session, before: datetime, now: datetime, *, after: int, limit: int) -> Deleted:
    """Delete whole transcripts, of attempts that have ended, whose first words are from before that time."""
    page = _page(session, select(Turn.id, Turn.at, Turn.attempt_id).where(col(Turn.id) > after), limit)
    spoken = {attempt_id for _, at, attempt_id in page if at < before}
    ended = select(Attempt.id).where(col(Attempt.id).in_(spoken), col(Attempt.ended_at).is_not(None))
    attempts = session.exec(ended).all()
    rows = _run(session, delete(Turn).where(col(Turn.attempt_id).in_(attempts)))
    marked = update(Attempt).where(col(Attempt.id).in_(attempts))
    _run(session, marked.values(transcript_deleted_at=now))
    return Deleted(rows, _next(page, limit, before))


def reports(session: Session, before: datetime, *, after: int, limit: int) -> Deleted:
    """Delete what carriers told, word for word, once the calls' workflows know of it."""
    columns = select(CarrierReport.id, CarrierReport.received_at, CarrierReport.signalled_at)
    page = _page(session, columns.where(col(CarrierReport.id) > after), limit)
    told = [row_id for row_id, at, signalled_at in page if at < before and signalled_at is not None]
    rows = _run(session, delete(CarrierReport).where(col(CarrierReport.id).in_(told)))
    return Deleted(rows, _next(page, limit, before))


def deliveries(session: Session, before: datetime, *, after: str, limit: int) -> Deleted:
    """Delete webhooks that are over, with what was sent and answered."""
    columns = select(Delivery.id, Delivery.created_at, Delivery.state)
    older = columns.where(col(Delivery.id) > after, col(Delivery.id) < first_id("msg", before))
    page = _page(session, older, limit)
    over = [row_id for row_id, _, state in page if state is not DeliveryState.PENDING]
    _run(session, delete(DeliveryTry).where(col(DeliveryTry.delivery_id).in_(over)))
    rows = _run(session, delete(Delivery).where(col(Delivery.id).in_(over)))
    return Deleted(rows, _next(page, limit, before))


def idempotency(session: Session, before: datetime, *, limit: int) -> Deleted:
    """Delete answers to requests that are not repeated any more."""
    key: Any = tuple_(col(IdempotentRequest.account_id), col(IdempotentRequest.key))
    old = select(IdempotentRequest.account_id, IdempotentRequest.key).where(
        col(IdempotentRequest.created_at) < before
    )
    oldest = old.order_by(col(IdempotentRequest.created_at)).limit(limit)
    rows = _run(session, delete(IdempotentRequest).where(key.in_(oldest)))
    return Deleted(rows, True if rows == limit else None)


def first_id(prefix: str, at: datetime) -> str:
    """What no id made before that instant is above, and no later one below."""
    return f"{prefix}_{str(ULID.from_datetime(at)).lower()[:TIME_OF_ULID]}"


def _page(session: Session, columns: Any, limit: int) -> Sequence[tuple[Any, datetime, Any]]:
    """Rows of an id, an instant and what else counts, by id."""
    found: Any = session.connection().execute(columns.order_by("id").limit(limit))
    return found.all()


def _next(page: Sequence[tuple[Any, datetime, Any]], limit: int, before: datetime) -> Any:
    """Where the next page begins; None where this one is the last, or has come to what is kept."""
    return page[-1][0] if len(page) == limit and page[-1][1] < before else None


def _run(session: Session, statement: Any) -> int:
    return session.connection().execute(statement).rowcount
