"""Schedules over days, in skipped time: windows, retries, a clock change."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.api.testservice.v1 import LockTimeSkippingRequest, UnlockTimeSkippingRequest

from engine.batches import start_batch
from outdial.campaigns import campaigns, outbound, schedules
from outdial.campaigns.person import Person
from outdial.campaigns.terms import ScheduleTerms
from outdial.intake import Intake
from outdial.links import Links
from outdial.models import Batch, Call
from outdial.policy import RetryPolicy, RetryType
from outdial.store import batches
from outdial.store.database import Database
from outdial.store.outbound_calls import OutboundFilter, page_of
from outdial.windows import CallingHours
from tests.mico.standing import PERSON
from tests.running import BOOKS, BUSY_THEN_BOOKS, NEVER_ANSWERS
from tests.workflows.skipped_time import Skipping, skipping

pytestmark = pytest.mark.anyio

NEW_YORK = "America/New_York"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def hours(start: str, end: str) -> CallingHours:
    return CallingHours.model_validate({"start": start, "end": end})


def enabled_schedule(at: Skipping, numbers: Sequence[str], **terms: Any) -> Batch:
    """An enabled schedule with calls to those numbers."""
    worker, now = at.worker, at.began_at
    with worker.database.write() as session:
        campaign = campaigns.create(
            session, worker.account, "C", is_enabled=True, agent_id=worker.agent.id, now=now
        )
        asked = ScheduleTerms.model_validate({"name": "S", "is_enabled": True, "timezone": NEW_YORK, **terms})
        batch = schedules.create(
            session, worker.settings, worker.account, campaign, asked, test=False, now=now
        )
        people = [Person.model_validate({**PERSON, "phone_number": number}).recipient() for number in numbers]
        intake = Intake(worker.settings, Links(worker.settings))
        outbound.add_calls(session, intake, worker.account, batch, people, force=True, now=now)
    return batch


async def run_to_its_end(at: Skipping, batch: Batch) -> list[Call]:
    """The schedule's calls once it is over, however far away."""
    await start_batch(at.client, batch)
    await at.client.test_service.unlock_time_skipping(UnlockTimeSkippingRequest())
    try:
        await asyncio.wait_for(at.client.get_workflow_handle(batch.id).result(), 60)
    finally:
        await at.client.test_service.lock_time_skipping(LockTimeSkippingRequest())
    with at.worker.database.read() as session:
        return page_of(session, batches.load(session, batch.id), OutboundFilter(), skip=0, limit=100)


def local(moment: datetime) -> str:
    """A time by New York's clocks, to the minute."""
    return f"{moment.astimezone(ZoneInfo(NEW_YORK)):%H:%M}"


async def test_retries_wait_their_intervals_and_are_used_up(some_database: Database) -> None:
    """Consistent intervals, one after the other; then the call has failed."""
    async with skipping(some_database) as at:
        retry = RetryPolicy(intervals=[3_600, 86_400])
        batch = enabled_schedule(at, [NEVER_ANSWERS], retry=retry, ends_at=at.began_at + timedelta(days=5))
        (call,) = await run_to_its_end(at, batch)
    first, second, third = (attempt.intended_at for attempt in at.worker.attempts(call))
    assert timedelta(hours=1) <= second - first < timedelta(hours=1, minutes=5)
    assert timedelta(days=1) <= third - second < timedelta(days=1, minutes=5)
    assert (call.end_reason, call.retries_used) == ("no_answer", 2)


async def test_backoff_grows_up_to_its_cap(some_database: Database) -> None:
    """Each wait is three times the last, at most five hours."""
    async with skipping(some_database) as at:
        retry = RetryPolicy(type=RetryType.BACKOFF, intervals=[3_600] * 3, factor=3, cap=18_000, jitter=0)
        batch = enabled_schedule(at, [NEVER_ANSWERS], retry=retry, ends_at=at.began_at + timedelta(days=5))
        (call,) = await run_to_its_end(at, batch)
    dials = [attempt.intended_at for attempt in at.worker.attempts(call)]
    waits = [round((later - sooner).total_seconds() / 3600, 1) for sooner, later in itertools.pairwise(dials)]
    assert waits == [1.0, 3.0, 5.0]


async def test_daily_hours_hold_over_several_days(some_database: Database) -> None:
    """A retry that would fall into the evening is made when the next day's hours begin."""
    async with skipping(some_database) as at:
        retry = RetryPolicy(intervals=[8 * 3_600])
        batch = enabled_schedule(
            at,
            [BUSY_THEN_BOOKS],
            retry=retry,
            calling_hours=hours("09:00", "10:00"),
            ends_at=at.began_at + timedelta(days=6),
        )
        (call,) = await run_to_its_end(at, batch)
    first, second = (attempt.intended_at for attempt in at.worker.attempts(call))
    assert local(first)[:2] == local(second)[:2] == "09"
    assert second.date() - first.date() == timedelta(days=1)
    assert call.outcome == "BOOKED"


async def test_what_is_left_when_the_last_day_is_over_expires(some_database: Database) -> None:
    """A call in its cooldown when the end comes is not dialled again; it has expired."""
    async with skipping(some_database) as at:
        ends_at = at.began_at + timedelta(hours=2)
        retry = RetryPolicy(intervals=[6 * 3_600])
        batch = enabled_schedule(at, [NEVER_ANSWERS, BOOKS], retry=retry, ends_at=ends_at)
        cooling, booked = await run_to_its_end(at, batch)
    assert (cooling.end_reason, cooling.attempts_made) == ("expired", 1)
    assert cooling.ended_at is not None
    assert abs(cooling.ended_at - ends_at) < timedelta(minutes=2)
    assert booked.outcome == "BOOKED"


async def test_hours_follow_the_clock_through_a_change(some_database: Database) -> None:
    """Nine o'clock is nine o'clock on the day before clocks are set forward, and on the day after."""
    async with skipping(some_database) as at:
        saturday = _saturday_before_the_change(at.began_at)
        retry = RetryPolicy(intervals=[20 * 3_600, 20 * 3_600])
        batch = enabled_schedule(
            at,
            [NEVER_ANSWERS],
            retry=retry,
            calling_hours=hours("09:00", "09:30"),
            starts_at=saturday,
            ends_at=saturday + timedelta(days=4),
        )
        (call,) = await run_to_its_end(at, batch)
    dials = [attempt.intended_at for attempt in at.worker.attempts(call)]
    assert [local(moment)[:4] for moment in dials] == ["09:0", "09:0", "09:0"]
    assert [moment.hour for moment in dials] == [14, 13, 13]


def _saturday_before_the_change(now: datetime) -> datetime:
    """Midnight, UTC, of the Saturday before the next second Sunday in March."""
    for year in (now.year, now.year + 1):
        first = datetime(year, 3, 1, tzinfo=UTC)
        sunday = first + timedelta(days=(6 - first.weekday()) % 7 + 7)
        if sunday - timedelta(days=1) > now:
            return sunday - timedelta(days=1)
    raise AssertionError("some March is ahead")
