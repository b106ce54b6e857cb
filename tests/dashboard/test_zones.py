"""Local times that people type, and the zone of who looks."""

from datetime import UTC, datetime

import pytest

from api.dashboard.zones import local_instant, zone_names
from outdial.errors import Invalid


@pytest.mark.parametrize(
    ("text", "zone", "hour"),
    [
        ("2026-01-15T09:00", "Europe/Berlin", 8),
        ("2026-07-15T09:00", "Europe/Berlin", 7),
        ("2026-07-15T09:00", "UTC", 9),
    ],
)
def test_a_local_time_is_read_in_its_zone(text: str, zone: str, hour: int) -> None:
    """Summer and winter."""
    assert local_instant(text, zone, field="at") == datetime.fromisoformat(text).replace(
        hour=hour, tzinfo=UTC
    )


def test_a_time_that_comes_twice_is_the_earlier_one() -> None:
    """When clocks are put back."""
    assert local_instant("2026-10-25T02:30", "Europe/Berlin", field="at") == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "zone", "field"),
    [
        ("2026-03-29T02:30", "Europe/Berlin", "at"),
        ("tomorrow", "UTC", "at"),
        ("2026-03-29T02:30+01:00", "UTC", "at"),
        ("0001-01-01T00:00", "UTC", "at"),
        ("2026-03-29T02:30", "Berlin", "timezone"),
    ],
)
def test_what_is_no_local_time_is_refused(text: str, zone: str, field: str) -> None:
    """One that the clocks skip, one that is none, one with an offset, and zones that there are not."""
    with pytest.raises(Invalid) as refused:
        local_instant(text, zone, field=field if field == "at" else "at")
    assert refused.value.field == field


def test_zones_to_choose_from_are_places() -> None:
    """UTC first, then places by name."""
    names = zone_names()
    assert names[0] == "UTC"
    assert "Asia/Kolkata" in names
    assert not any(name.startswith("Etc/") for name in names)
