"""Calls over days, weekends and clock changes, with the time between skipped."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from outdial.models import Call
from outdial.store.database import Database
from outdial.vocabulary import CallStatus, Disposition
from tests.running import BOOKS, BUSY_THEN_BOOKS, MUTE, NEVER_ANSWERS
from tests.workflows.skipped_time import Skipping, skipping

pytestmark = pytest.mark.anyio

PLACE = "America/New_York"
NEW_YORK = ZoneInfo(PLACE)
OFFICE = {"start": "09:00", "end": "17:00", "days": ["mon", "tue", "wed", "thu", "fri"]}
DAY = 86_400
# While anything runs, the server's time passes as real time does: a busy machine's seconds.
SOON = timedelta(seconds=30)


async def test_a_call_scheduled_three_days_ahead_is_dialled_then(database: Database) -> None:
    """Not sooner, and within seconds; on both databases."""
    async with skipping(database) as there:
        due = there.began_at + timedelta(days=3)
        call = await there.call(BOOKS, due_at=due)
        [attempt] = there.worker.attempts(call)
        assert due <= attempt.intended_at < due + SOON
        assert (call.status, call.outcome) == (CallStatus.COMPLETED, "BOOKED")


async def test_a_call_due_on_saturday_waits_for_monday_morning(database: Database) -> None:
    """Calling hours on working days hold it over the weekend, by the clock of its timezone."""
    async with skipping(database) as there:
        saturday = _next(there.began_at, weekday=5, at=time(12))
        call = await there.call(BOOKS, due_at=saturday, calling_hours=OFFICE, timezone=PLACE)
        monday = (saturday.date() + timedelta(days=2), time(9))
        _assert_dialled(there, call, datetime.combine(*monday, NEW_YORK))
        assert there.worker.events(call)[0] == "call.held"


async def test_hours_follow_the_clock_in_spring(some_database: Database) -> None:
    """The night that is an hour short: nine o'clock comes after eight hours of the old clock."""
    async with skipping(some_database) as there:
        change = _clock_change(there.began_at, gains=timedelta(hours=1))
        call = await there.call(
            BOOKS, due_at=_evening_before(change), calling_hours=_hours("09:00", "17:00"), timezone=PLACE
        )
        # The change is at two in the morning, which becomes three.
        _assert_dialled(there, call, change + timedelta(hours=6))


async def test_hours_follow_the_clock_in_autumn(some_database: Database) -> None:
    """The night that is an hour longer."""
    async with skipping(some_database) as there:
        change = _clock_change(there.began_at, gains=timedelta(hours=-1))
        call = await there.call(
            BOOKS, due_at=_evening_before(change), calling_hours=_hours("09:00", "17:00"), timezone=PLACE
        )
        # The change is at two in the morning, which becomes one.
        _assert_dialled(there, call, change + timedelta(hours=8))


async def test_hours_inside_the_skipped_hour_open_when_it_is_over(some_database: Database) -> None:
    """Half past two does not exist in that night; three o'clock is the first time after it."""
    async with skipping(some_database) as there:
        change = _clock_change(there.began_at, gains=timedelta(hours=1))
        call = await there.call(
            BOOKS, due_at=_evening_before(change), calling_hours=_hours("02:30", "04:00"), timezone=PLACE
        )
        _assert_dialled(there, call, change)


async def test_hours_inside_the_doubled_hour_open_at_its_first_pass(some_database: Database) -> None:
    """Half past one comes twice in that night; one dial is made, at the earlier."""
    async with skipping(some_database) as there:
        change = _clock_change(there.began_at, gains=timedelta(hours=-1))
        call = await there.call(
            BOOKS, due_at=_evening_before(change), calling_hours=_hours("01:30", "04:00"), timezone=PLACE
        )
        _assert_dialled(there, call, change - timedelta(minutes=30))


async def test_consistent_retries_use_their_intervals_over_days(database: Database) -> None:
    """A day, then two: each attempt rings out at normal speed and the next comes exactly so long after."""
    async with skipping(database, simulated_speed=1) as there:
        retry = {"type": "consistent", "intervals": [DAY, 2 * DAY]}
        call = await there.call(NEVER_ANSWERS, retry=retry)
        first, second, third = there.worker.attempts(call)
        assert first.ended_at
        assert second.ended_at
        assert timedelta() <= second.intended_at - first.ended_at - timedelta(days=1) < SOON
        assert timedelta() <= third.intended_at - second.ended_at - timedelta(days=2) < SOON
        assert (call.status, call.disposition) == (CallStatus.FAILED, Disposition.NO_ANSWER)


async def test_backoff_retries_grow_up_to_their_cap(some_database: Database) -> None:
    """One hour, two, four, then five which is the cap."""
    async with skipping(some_database) as there:
        retry = {"type": "backoff", "intervals": [3600] * 4, "cap": 5 * 3600, "jitter": 0}
        call = await there.call(NEVER_ANSWERS, retry=retry)
        dialled = there.dialled_at(call)
        waits = [round((later - sooner) / timedelta(hours=1), 2) for sooner, later in pairwise(dialled)]
        assert waits == [1, 2, 4, 5]


async def test_a_retry_waits_for_calling_hours(some_database: Database) -> None:
    """Busy late on Friday, with a retry an hour later: it is Monday morning."""
    async with skipping(some_database) as there:
        friday = _next(there.began_at, weekday=4, at=time(16, 30))
        call = await there.call(
            BUSY_THEN_BOOKS, due_at=friday, calling_hours=OFFICE, timezone=PLACE, retry={"intervals": [3600]}
        )
        monday = datetime.combine(friday.date() + timedelta(days=3), time(9), NEW_YORK)
        first, second = there.dialled_at(call)
        assert friday <= first < friday + SOON
        assert monday <= second < monday + SOON
        assert call.outcome == "BOOKED"


async def test_a_call_whose_time_is_over_before_its_hours_open_is_never_dialled(
    some_database: Database,
) -> None:
    """It fails as expired at the first look, since no calling hours are left for it."""
    async with skipping(some_database) as there:
        saturday = _next(there.began_at, weekday=5, at=time(12))
        call = await there.call(
            BOOKS,
            due_at=saturday,
            expires_at=saturday + timedelta(days=1),
            calling_hours=OFFICE,
            timezone=PLACE,
        )
        assert (call.status, call.end_reason, call.attempts_made) == (CallStatus.FAILED, "expired", 0)
        assert there.worker.dials(call) == []


async def test_a_retry_that_falls_due_after_the_end_is_not_made(database: Database) -> None:
    """The call expires in its cooldown: one dial, and no more."""
    async with skipping(database) as there:
        call = await there.call(
            NEVER_ANSWERS, retry={"intervals": [2 * DAY]}, expires_at=there.began_at + timedelta(days=1)
        )
        assert (call.status, call.end_reason) == (CallStatus.FAILED, "expired")
        assert len(there.worker.dials(call)) == 1


async def test_a_carrier_that_falls_silent_is_looked_up(database: Database) -> None:
    """At normal speed: no event ever comes; once the phone can't be ringing any more the carrier is asked."""
    async with skipping(database, simulated_speed=1) as there:
        call = await there.call(MUTE)
        [attempt] = there.worker.attempts(call)
        assert attempt.ended_at
        # A ring timeout of 45 s and 15 s of grace.
        assert timedelta(seconds=60) <= attempt.ended_at - attempt.intended_at < timedelta(seconds=60) + SOON
        assert (call.status, attempt.disposition) == (CallStatus.FAILED, Disposition.NO_ANSWER)
        assert len(there.worker.dials(call)) == 1


def _hours(start: str, end: str) -> dict[str, str]:
    return {"start": start, "end": end}


def _next(now: datetime, *, weekday: int, at: time) -> datetime:
    """The next such day at such a time in New York, at least a day away; Monday is 0."""
    day = now.astimezone(NEW_YORK).date() + timedelta(days=1)
    return datetime.combine(day + timedelta(days=(weekday - day.weekday()) % 7), at, NEW_YORK)


def _clock_change(now: datetime, *, gains: timedelta) -> datetime:
    """The next instant, in UTC and at least a day away, at which New York's clock jumps by so much."""
    hour = (now.astimezone(UTC) + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    while _offset(hour + timedelta(hours=1)) - _offset(hour) != gains:
        hour += timedelta(hours=1)
    return hour + timedelta(hours=1)


def _offset(instant: datetime) -> timedelta:
    offset = instant.astimezone(NEW_YORK).utcoffset()
    assert offset is not None, "an aware time has an offset"
    return offset


def _evening_before(change: datetime) -> datetime:
    return change - timedelta(hours=8)


def _assert_dialled(there: Skipping, call: Call, at: datetime) -> None:
    """Exactly one dial was made, then or within seconds."""
    assert there.worker.dials(call) == [f"{call.id}:1"]
    [dialled] = there.dialled_at(call)
    assert at <= dialled < at + SOON
