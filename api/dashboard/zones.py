"""The viewer's timezone, and local times that people type."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Request

from outdial.errors import Invalid

COOKIE = "outdial_zone"


@lru_cache
def zone_names() -> list[str]:
    """Timezones that people choose from."""
    places = [
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "posix", "right"))
    ]
    return ["UTC", *sorted(places)]


def zone_of(request: Request) -> ZoneInfo:
    """The zone that the browser told, UTC until it has."""
    return known_zone(request.cookies.get(COOKIE, "").replace("%2F", "/")) or ZoneInfo("UTC")


@lru_cache
def known_zone(name: str) -> ZoneInfo | None:
    """The zone of that name, None where there is none."""
    return ZoneInfo(name) if name in available_timezones() else None


def local_instant(text: str, zone: str, *, field: str) -> datetime:
    """The instant of a local time such as ``2026-03-29T09:00``. Raises Invalid.

    One that comes twice means the earlier; one that a clock change skips is refused.
    """
    found = known_zone(zone)
    if found is None:
        raise Invalid("Choose a timezone, for example Europe/Berlin.", field="timezone")
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("Expected a date and a time.", field=field) from None
    if local.tzinfo is not None or not 1970 <= local.year <= 2200:
        raise Invalid("Expected a local date and time.", field=field)
    instant = local.replace(tzinfo=found).astimezone(UTC)
    if instant.astimezone(found).replace(tzinfo=None) != local:
        raise Invalid(f"The clocks in {zone} skip this time that day. Choose another.", field=field)
    return instant
