"""Calling hours: at which local times people may be called."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, model_validator


class Weekday(StrEnum):
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


ALL_DAYS = list(Weekday)


class CallingHours(BaseModel):
    """From ``start`` until before ``end``, local time, on ``days``. An end before the start runs past midnight.

    A time that a clock change skips counts as the first one after it; one that comes twice, as the earlier.
    """

    start: time = Field(examples=["09:00"])
    end: time = Field(examples=["18:00"])
    days: list[Weekday] = Field(default_factory=lambda: list(ALL_DAYS), min_length=1)

    @model_validator(mode="after")
    def _not_empty(self) -> "CallingHours":
        if self.start.tzinfo or self.end.tzinfo:
            raise ValueError("calling hours are local times, without an offset")
        if self.start == self.end:
            raise ValueError("start and end are the same time")
        return self

    def next_open(self, now: datetime, zone: ZoneInfo) -> datetime:
        """``now`` if it is inside the hours at that place, else the next instant that is; in UTC."""
        today = now.astimezone(zone).date()
        # From yesterday (hours may run past midnight) to a week on: every weekday has come by then.
        for offset in range(-1, 9):
            opens, closes = self._span(today + timedelta(days=offset), zone)
            if closes is not None and now < closes:
                return max(now, opens)
        raise AssertionError("some day of the week is always open")

    def _span(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime | None]:
        opens = _instant(day, self.start, zone)
        if ALL_DAYS[day.weekday()] not in self.days:
            return opens, None
        last_day = day if self.start < self.end else day + timedelta(days=1)
        closes = _instant(last_day, self.end, zone)
        # A clock change can swallow a short window whole.
        return (opens, closes) if opens < closes else (opens, None)


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    local = datetime.combine(day, at, zone)
    instant = local.astimezone(UTC)
    # A local time inside a spring gap does not come back as itself: the gap's end is the first one after it.
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    offset_before = local.replace(fold=0).utcoffset() or timedelta()
    offset_after = local.replace(fold=1).utcoffset() or timedelta()
    gap = abs(offset_before - offset_after)
    return _gap_end(instant, gap, zone)


def _gap_end(after: datetime, gap: timedelta, zone: ZoneInfo) -> datetime:
    """The instant of the clock change within ``gap`` before ``after``, by halving; changes fall on whole seconds."""
    low, high = after - gap, after
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
