"""Local times and instants: an ISO 8601 text with an offset is an instant, one without needs a timezone.

Where clocks are set back, a local time that comes twice means the first. Where they are set forward, one that is
skipped is read with the offset before the change, so it falls as long after the change as it would have: with a
change at 02:00 to 03:00, 02:30 means 03:30. RFC 5545 reads such times alike.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from outdial.errors import Invalid

EARLIEST, LATEST = 1970, 2200
_HAS_TIME = re.compile(r"\d[Tt ]\d\d")


def read_timestamp(text: str, timezone: str) -> datetime:
    """The instant, in UTC, that an ISO 8601 timestamp names, read in ``timezone`` where it has no offset.

    Raises ValueError for anything else, a date without a time included, and for years beyond reason.
    """
    if not _HAS_TIME.search(text):
        raise ValueError("expected an ISO 8601 timestamp")
    given = datetime.fromisoformat(text.upper())
    if not EARLIEST <= given.year < LATEST:
        raise ValueError(f"expected a year from {EARLIEST} to {LATEST - 1}")
    return to_instant(given, timezone) if given.tzinfo is None else given.astimezone(UTC)


def to_instant(local: datetime, timezone: str) -> datetime:
    """The instant, in UTC, at which clocks of ``timezone`` show ``local``, which has no offset itself."""
    # fold=0 picks the first of two, and the offset before a gap.
    return local.replace(tzinfo=ZoneInfo(timezone), fold=0).astimezone(UTC)


def known_timezone(name: str, *, field: str = "timezone") -> str:
    """``name`` itself if it is an IANA timezone. Raises Invalid."""
    if name not in _timezones():
        raise Invalid("Expected an IANA timezone, for example Asia/Kolkata.", field=field)
    return name


@lru_cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())
