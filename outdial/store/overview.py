"""An account's day in numbers, read from indexes alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from outdial.models import Call, CallStatus, Delivery, DeliveryState, Disposition, WebhookEndpoint
from outdial.store.scope import owned_by, rows_of

# Of the failed calls so many are looked at.
LOOKED_AT = 200
UNREACHED = frozenset({Disposition.NO_ANSWER, Disposition.BUSY, Disposition.VOICEMAIL})


@dataclass(frozen=True)
class Day:
    """Calls first dialled since a time: how many, how many of them answered, and with which outcomes."""

    placed: int
    answered: int
    outcomes: list[tuple[str, int]]


def day_of(session: Session, account_id: str, since: datetime) -> Day:
    """What came of the calls first dialled since then."""
    grouped: Any = select(Call.disposition, Call.outcome, func.count()).where(
        owned_by(account_id, Call), col(Call.started_at) >= since
    )
    counted = session.connection().execute(grouped.group_by(Call.disposition, Call.outcome))
    rows: list[tuple[Disposition | None, str | None, int]] = [tuple(row) for row in counted]
    outcomes: dict[str, int] = {}
    for _, outcome, count in rows:
        if outcome:
            outcomes[outcome] = outcomes.get(outcome, 0) + count
    answered = sum(count for disposition, _, count in rows if disposition == Disposition.ANSWERED)
    ranked = sorted(outcomes.items(), key=lambda pair: (-pair[1], pair[0]))
    return Day(sum(count for *_, count in rows), answered, ranked)


def latest(session: Session, account_id: str, status: CallStatus, limit: int) -> Sequence[Call]:
    """The newest calls in that status."""
    query = rows_of(account_id, Call).where(Call.status == status)
    return session.exec(query.order_by(col(Call.created_at).desc(), col(Call.id).desc()).limit(limit)).all()


def failed_for_a_person(session: Session, account_id: str, limit: int) -> Sequence[Call]:
    """The newest calls that failed for another reason than that nobody could be reached."""
    newest = latest(session, account_id, CallStatus.FAILED, LOOKED_AT)
    return [call for call in newest if call.disposition not in UNREACHED][:limit]


def latest_dead(session: Session, account_id: str, limit: int) -> Sequence[Delivery]:
    """The newest deliveries that were given up."""
    query = rows_of(account_id, Delivery).where(Delivery.state == DeliveryState.DEAD)
    return session.exec(
        query.order_by(col(Delivery.created_at).desc(), col(Delivery.id).desc()).limit(limit)
    ).all()


def troubled_endpoints(session: Session, account_id: str) -> Sequence[WebhookEndpoint]:
    """Endpoints that were disabled or do nothing but fail."""
    kept = rows_of(account_id, WebhookEndpoint).where(col(WebhookEndpoint.deleted_at).is_(None))
    rows = session.exec(kept).all()
    return [row for row in rows if row.disabled_at is not None or row.failing_since is not None]
