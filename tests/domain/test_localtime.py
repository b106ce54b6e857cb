"""Local times and instants, over all timezones and their clock changes."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from outdial.errors import Invalid
from outdial.localtime import known_timezone, read_timestamp, to_instant

ZONES = st.sampled_from(sorted(available_timezones()))
FROM, UNTIL = datetime.fromisoformat("1971-01-01"), datetime.fromisoformat("2060-01-01")
LOCAL = st.datetimes(FROM, UNTIL)
HOUR = timedelta(hours=1)
NEW_YORK = "America/New_York"


def shown(instant: datetime, zone: str) -> datetime:
    """What clocks show at that instant."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@given(LOCAL, ZONES)
def test_clocks_show_the_local_time_at_its_instant(local: datetime, zone: str) -> None:
    """Unless it is skipped; then they show a time that is later by the length of the gap."""
    instant = to_instant(local, zone)
    late = shown(instant, zone) - local
    before = (instant - 4 * HOUR).astimezone(ZoneInfo(zone)).utcoffset()
    after = instant.astimezone(ZoneInfo(zone)).utcoffset()
    assert instant.tzinfo is UTC
    assert late == timedelta() or (before is not None and after is not None and late <= after - before)


@given(LOCAL, ZONES)
def test_a_time_that_comes_twice_means_the_first(local: datetime, zone: str) -> None:
    """No earlier instant shows the same local time."""
    instant = to_instant(local, zone)
    for offset in (15, 20, 30, 40, 45, 60, 90, 120, 180, 1440):
        assert shown(instant - timedelta(minutes=offset), zone) != local


@given(st.datetimes(FROM, UNTIL, timezones=st.just(UTC)), ZONES)
def test_an_instant_survives_the_way_through_local_time(instant: datetime, zone: str) -> None:
    """Where the local time comes once; where it comes twice the first one may be meant."""
    back = to_instant(shown(instant, zone), zone)
    assert back == instant or (back < instant and shown(back, zone) == shown(instant, zone))


@given(LOCAL, ZONES)
def test_a_text_means_the_same_as_its_time(local: datetime, zone: str) -> None:
    """With T or a space, with or without seconds."""
    whole = local.replace(second=0, microsecond=0)
    expected = to_instant(whole, zone)
    texts = (whole.isoformat(), whole.isoformat(" "), f"{whole:%Y-%m-%dT%H:%M}")
    assert {read_timestamp(text, zone) for text in texts} == {expected}


@given(st.datetimes(FROM, UNTIL, timezones=st.timezones()), ZONES)
def test_a_text_with_an_offset_needs_no_timezone(at: datetime, zone: str) -> None:
    """It names the same instant in any timezone."""
    assume(at.utcoffset() == at.astimezone(UTC).astimezone(at.tzinfo).utcoffset())
    assert read_timestamp(at.isoformat(), zone) == at.astimezone(UTC)


@given(st.text(max_size=40), ZONES)
def test_any_text_is_read_or_refused(text: str, zone: str) -> None:
    """Nothing but ValueError is ever raised."""
    with suppress(ValueError):
        assert read_timestamp(text, zone).tzinfo is UTC


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-03-08T01:59:00", "2026-03-08T06:59:00"),
        ("2026-03-08T02:30:00", "2026-03-08T07:30:00"),  # skipped: means 03:30
        ("2026-03-08T03:00:00", "2026-03-08T07:00:00"),
        ("2026-11-01T01:30:00", "2026-11-01T05:30:00"),  # comes twice: the first
        ("2026-11-01T02:00:00", "2026-11-01T07:00:00"),
    ],
)
def test_the_clock_changes_of_new_york(local: str, utc: str) -> None:
    """Set forward in March, back in November."""
    assert read_timestamp(local, NEW_YORK) == datetime.fromisoformat(f"{utc}+00:00")


def test_half_an_hour_is_skipped_on_lord_howe_island() -> None:
    """The gap is as long as the change: 02:15 means 02:45 there."""
    instant = read_timestamp("2026-10-04T02:15:00", "Australia/Lord_Howe")
    assert shown(instant, "Australia/Lord_Howe") == datetime.fromisoformat("2026-10-04T02:45")


def test_a_whole_day_was_skipped_on_samoa() -> None:
    """30 December 2011 did not happen; it means the same time a day later."""
    assert shown(
        read_timestamp("2011-12-30T12:00:00", "Pacific/Apia"), "Pacific/Apia"
    ) == datetime.fromisoformat("2011-12-31T12:00")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-15",
        "20260315",
        "15:00",
        "2026-03-15T25:00",
        "0001-01-01T00:00:00",
        "2026-03-15T15:00:00z+1",
    ],
)
def test_what_is_no_timestamp_is_refused(text: str) -> None:
    """A date alone is none, nor is a time alone."""
    with pytest.raises(ValueError, match=r"."):
        read_timestamp(text, NEW_YORK)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "america/new_york", "EST5EDT4"])
def test_a_timezone_must_be_one_of_ianas(name: str) -> None:
    """Spelled as IANA does."""
    with pytest.raises(Invalid) as refused:
        known_timezone(name, field="zone")
    assert refused.value.field == "zone"
