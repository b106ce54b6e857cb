"""How many, over all accounts, at this moment: answered from indexes alone, however many rows there are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from outdial.models import Account, Attempt, Call, Delivery
from outdial.plans import Plan
from outdial.store.upkeep import UNSTARTED
from outdial.vocabulary import CallStatus, Progress

# Written out, so that both databases see that the partial indexes fit.
_PENDING = text("state = 'pending'")


# What is told even where there is none, so that a curve falls to 0 and does not end.
_USUAL = {
    CallStatus.SCHEDULED: (Progress.WAITING, Progress.HELD, Progress.QUEUED, Progress.COOLDOWN),
    CallStatus.IN_PROGRESS: (Progress.DIALLING, Progress.RINGING, Progress.TALKING, Progress.EXTRACTING),
}


@dataclass(frozen=True)
class Backlog:
    """How many wait, and for how many seconds the oldest of them has."""

    count: int
    oldest: float


@dataclass(frozen=True)
class Gauges:
    """The installation at one moment. ``busiest`` is the share (0 to 1) of its lines that the fullest account uses."""

    open_calls: dict[tuple[str, str], int]  # by status and progress
    lines_in_use: int
    lines: int
    busiest: float
    webhooks_pending: int
    webhooks_due: Backlog
    unstarted: Backlog


def read_gauges(session: Session, now: datetime) -> Gauges:
    """All of them, as of now."""
    in_use = _lines_in_use(session)
    return Gauges(
        open_calls=_open_calls(session),
        lines_in_use=sum(in_use.values()),
        lines=_lines(session),
        busiest=_busiest(session, in_use),
        webhooks_pending=session.exec(select(func.count()).select_from(Delivery).where(_PENDING)).one(),
        webhooks_due=_webhooks_due(session, now),
        unstarted=_unstarted(session, now),
    )


def _open_calls(session: Session) -> dict[tuple[str, str], int]:
    open_ = select(Call.status, Call.progress, func.count()).where(col(Call.ended_at).is_(None))
    rows = session.exec(open_.group_by(col(Call.status), col(Call.progress)))
    counted = {(str(status), str(progress)): number for status, progress, number in rows}
    usual = {(str(status), str(each)): 0 for status, steps in _USUAL.items() for each in steps}
    return usual | counted


def _lines_in_use(session: Session) -> dict[str, int]:
    live = select(Attempt.account_id, func.count()).where(col(Attempt.ended_at).is_(None))
    return dict(session.exec(live.group_by(col(Attempt.account_id))).all())


def _lines(session: Session) -> int:
    alike = select(Account.plan, Account.custom_lines, func.count()).where(Account.outbound_enabled)
    rows = session.exec(alike.group_by(col(Account.plan), col(Account.custom_lines)))
    return sum(
        Account(name="", plan=Plan(plan), custom_lines=custom).lines * number for plan, custom, number in rows
    )


def _busiest(session: Session, in_use: dict[str, int]) -> float:
    accounts = session.exec(select(Account).where(col(Account.id).in_(list(in_use)))).all()
    return max((in_use[account.id] / account.lines for account in accounts if account.lines), default=0.0)


def _webhooks_due(session: Session, now: datetime) -> Backlog:
    due = select(func.count(), func.min(Delivery.next_try_at)).where(
        _PENDING, col(Delivery.next_try_at) <= now
    )
    count, oldest = session.exec(due).one()
    return Backlog(count, _age(oldest, now))


def _unstarted(session: Session, now: datetime) -> Backlog:
    waiting = select(func.count(), func.min(Call.created_at)).where(UNSTARTED, col(Call.created_at) <= now)
    count, oldest = session.exec(waiting).one()
    return Backlog(count, _age(oldest, now))


def _age(oldest: datetime | None, now: datetime) -> float:
    return max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
