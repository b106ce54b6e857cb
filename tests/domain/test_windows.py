"""Calling hours."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from outdial.windows import ALL_DAYS, CallingHours, Weekday

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [
    ZoneInfo(name)
    for name in ("UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo")
]


def hours(start: str, end: str, *days: Weekday) -> CallingHours:
    return CallingHours(
        start=time.fromisoformat(start), end=time.fromisoformat(end), days=list(days) or ALL_DAYS
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_inside_the_hours_it_is_open_now() -> None:
    """A call at ten in the morning goes out at once."""
    now = utc("2026-06-01T14:00")
    assert hours("09:00", "18:00").next_open(now, NEW_YORK) == now


def test_the_end_is_outside() -> None:
    """At six sharp it is too late: tomorrow at nine."""
    assert hours("09:00", "18:00").next_open(utc("2026-06-01T22:00"), NEW_YORK) == utc("2026-06-02T13:00")


def test_closed_days_are_skipped() -> None:
    """From Saturday to Monday."""
    weekdays = hours("09:00", "18:00", Weekday.MON, Weekday.FRI)
    assert weekdays.next_open(utc("2026-06-06T15:00"), NEW_YORK) == utc("2026-06-08T13:00")


def test_hours_may_run_past_midnight() -> None:
    """22:00 to 02:00 is open at one in the morning of the next day."""
    night = hours("22:00", "02:00", Weekday.MON)
    tuesday_one_am = utc("2026-06-02T05:00")
    assert night.next_open(tuesday_one_am, NEW_YORK) == tuesday_one_am


def test_nine_o_clock_stays_nine_o_clock_across_a_clock_change() -> None:
    """On the night of 8 March 2026 New York loses an hour; the hours follow the clock on the wall."""
    assert hours("09:00", "18:00").next_open(utc("2026-03-07T23:30"), NEW_YORK) == utc("2026-03-08T13:00")
    assert hours("09:00", "18:00").next_open(utc("2026-03-06T23:30"), NEW_YORK) == utc("2026-03-07T14:00")


def test_a_start_that_the_clock_skips_is_the_first_instant_after_it() -> None:
    """There is no 02:30 on that day in New York: it opens at 03:00 daylight time."""
    assert hours("02:30", "05:00").next_open(utc("2026-03-08T05:00"), NEW_YORK) == utc("2026-03-08T07:00")


def test_a_start_that_comes_twice_is_the_earlier_one() -> None:
    """01:30 comes twice on 1 November 2026 in New York."""
    assert hours("01:30", "05:00").next_open(utc("2026-11-01T04:00"), NEW_YORK) == utc("2026-11-01T05:30")


def test_hours_without_length_are_refused() -> None:
    """The same start and end would never or always be open."""
    with pytest.raises(ValidationError, match="same time"):
        hours("09:00", "09:00")


minutes = st.integers(0, 24 * 60 - 1).map(lambda m: time(m // 60, m % 60))


@given(
    start=minutes,
    end=minutes,
    days=st.lists(st.sampled_from(ALL_DAYS), min_size=1, unique=True),
    zone=st.sampled_from(ZONES),
    days_on=st.integers(0, 730),
    seconds=st.integers(0, 86_399),
)
def test_the_next_opening_is_open_and_not_in_the_past(
    start: time, end: time, days: list[Weekday], zone: ZoneInfo, days_on: int, seconds: int
) -> None:
    """In any zone, across any change of clocks: at the answer it is open, and asking again changes nothing."""
    if start == end:
        return
    now = utc("2026-01-01T00:00") + timedelta(days=days_on, seconds=seconds)
    window = CallingHours(start=start, end=end, days=days)
    opens = window.next_open(now, zone)
    assert now <= opens <= now + timedelta(days=9)
    assert window.next_open(opens, zone) == opens
