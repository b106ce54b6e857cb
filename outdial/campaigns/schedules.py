"""Schedules: batches that stay open, are switched on and off, and may be moved while they run."""

from datetime import datetime, timedelta

from sqlmodel import Session

from outdial.campaigns.campaigns import agent_of
from outdial.campaigns.terms import ScheduleTerms
from outdial.errors import Conflict, Invalid, LimitReached
from outdial.intake import number_shown, version_for
from outdial.localtime import known_timezone
from outdial.models import Account, Batch, BatchStatus, Campaign
from outdial.settings import Settings
from outdial.store import batches, campaigns

# By the names that clients know them by.
_COLUMNS = {"is_enabled": "enabled", "is_auto": "auto", "starts_at": "schedule_at"}


class ScheduleOver(Conflict):
    """The schedule's end has come."""

    code = "schedule_over"

    def __init__(self) -> None:
        super().__init__("The schedule is over; make another one.")


def create(
    session: Session,
    settings: Settings,
    account: Account,
    campaign: Campaign,
    terms: ScheduleTerms,
    *,
    test: bool,
    now: datetime,
) -> Batch:
    """A new schedule, switched off; its workflow is to be started after the commit.

    Raises Invalid, LimitReached for more lines than the plan has, Conflict where its agent is archived.
    """
    version = version_for(session, account, agent_of(session, account, campaign))
    batch = Batch(
        account_id=account.id,
        campaign_id=campaign.id,
        name=terms.name,
        agent_id=version.agent_id,
        agent_version_id=version.id,
        caller_id=number_shown(account, campaign),
        max_duration_seconds=settings.default_max_duration,
        stays_open=True,
        enabled=False,
        due_at=now,
        created_at=now,
        test=test,
    )
    _set(batch, terms)
    _check(account, settings, batch, now, terms.model_fields_set)
    batch.status = BatchStatus.SCHEDULED if batch.live else BatchStatus.PAUSED
    session.add(batch)
    session.flush()
    return batch


def change(
    session: Session, settings: Settings, account: Account, batch: Batch, terms: ScheduleTerms, now: datetime
) -> bool:
    """Change a locked schedule, which reaches every call that has not been dialled; whether anything changed.

    Its workflow is to be told after the commit. Raises Conflict once the schedule is over, else as ``create``.
    """
    before, over = batch.model_dump(), is_over(batch, now)
    _set(batch, terms)
    if batch.model_dump() == before:
        return False
    if over:
        raise ScheduleOver
    _check(account, settings, batch, now, terms.model_fields_set)
    batch.updated_at, batch.untold = now, True
    session.add(batch)
    if batch.due_at != before["due_at"]:
        batches.move_unstarted(session, batch)
    batches.requeue_held(session, batch, now)
    return True


def delete(session: Session, batch: Batch) -> None:
    """Delete a locked schedule. Raises Conflict while it is enabled or has calls."""
    if batch.enabled and batch.ended_at is None:
        raise Conflict("The schedule is enabled. Disable it first.", code="schedule_enabled")
    if campaigns.has_calls(session, batch):
        raise Conflict("The schedule has calls; only an empty one can be deleted.", code="schedule_not_empty")
    campaigns.delete(session, batch)


def is_over(batch: Batch, now: datetime) -> bool:
    """Whether nothing of it is dialled any more."""
    if batch.ended_at is not None or batch.status is BatchStatus.CANCELED:
        return True
    return batch.ends_at is not None and now >= batch.ends_at


def _set(batch: Batch, terms: ScheduleTerms) -> None:
    for name, value in terms.given().items():
        setattr(batch, _COLUMNS.get(name, name), value)
    if "starts_at" in terms.model_fields_set:
        batch.due_at = terms.starts_at or batch.created_at


def _check(account: Account, settings: Settings, batch: Batch, now: datetime, given: set[str]) -> None:
    if "ends_at" in given and batch.ends_at is not None and batch.ends_at <= now:
        raise Invalid("This time is in the past.", field="ends_at")
    if batch.ends_at is not None and batch.ends_at <= batch.due_at:
        raise Invalid("The schedule would end before it starts.", field="ends_at")
    latest = now + timedelta(days=settings.max_schedule_days)
    if "starts_at" in given and batch.due_at > latest:
        days = settings.max_schedule_days
        raise Invalid(f"A schedule can start at most {days} days ahead.", field="starts_at")
    if batch.timezone is not None:
        known_timezone(batch.timezone)
    _check_lines(account, batch.concurrency)


def _check_lines(account: Account, concurrency: int | None) -> None:
    if concurrency is not None and concurrency > account.lines:
        plan = f"The {account.plan} plan of this account has {account.lines} lines"
        raise LimitReached(f"{plan}, fewer than {concurrency}.", field="concurrency")
