"""Schedules as they are asked for and shown in this dialect."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.body import Body, Instant
from api.dialects.mico.uids import uid_of, written, written_or_null
from outdial.batches.request import LONGEST_SPACING, MAX_NAME
from outdial.campaigns.terms import ScheduleTerms
from outdial.models import Batch
from outdial.notifications.policy import MAX_TEXT, Trigger
from outdial.policy import RetryPolicy, RetryType
from outdial.windows import CallingHours

_RETRY = {"retry_type": "type", "retry_intervals": "intervals"} | {
    f"retry_{name}": name for name in ("factor", "cap", "jitter")
}


class Hours(CallingHours):
    """Daily calling hours, by the clock of `timezone` or, unset, by the clock where each number is."""

    model_config = ConfigDict(extra="forbid")


class NotificationBody(BaseModel):
    """A text message that follows a call."""

    model_config = ConfigDict(extra="forbid")

    on: Trigger = Field(description="`no_answer`: nobody was reached at last; `completed`: after the talk.")
    text: str = Field(min_length=1, max_length=MAX_TEXT, description="May name `{{first_name}}` and so on.")


class ScheduleOptions(Body):
    """What a new schedule and a change of one have in common."""

    starts_at: Instant | None = Field(None, description="Nothing is dialled before; unset: once enabled.")
    ends_at: Instant | None = Field(None, description="From then on nothing is dialled, what waits expires.")
    retry_type: RetryType = RetryType.CONSISTENT
    retry_intervals: list[int] = Field(
        default_factory=list[int], description="Seconds before each retry.", examples=[[300, 300, 300]]
    )
    retry_factor: float = Field(2, ge=1, le=10, description="backoff: how much longer each wait is.")
    retry_cap: float = Field(86_400, gt=0, le=604_800, description="backoff: the longest wait, in seconds.")
    retry_jitter: float = Field(0.1, ge=0, le=0.5, description="backoff: the share by which waits vary.")
    is_auto: bool = Field(False, description="The schedule enables itself at `starts_at`, once.")
    calling_hours: Hours | None = None
    timezone: str | None = Field(None, max_length=100, examples=["Asia/Tokyo"])
    concurrency: int | None = Field(None, ge=1, le=1_000_000, description="Calls live at once, at most.")
    spacing_seconds: float = Field(0, ge=0, le=LONGEST_SPACING, description="Between two dials, at least.")
    notifications: list[NotificationBody] = Field(default_factory=list[NotificationBody], max_length=2)

    def terms(self, retry: dict[str, Any] | None = None) -> ScheduleTerms:
        """The same in the domain's words; ``retry`` is what it has so far. Raises pydantic's ValidationError."""
        given = self.model_dump(exclude_unset=True)
        changed = {known: given.pop(name) for name, known in _RETRY.items() if name in given}
        if "notifications" in given:
            given["notifications"] = [{"trigger": one.on, "text": one.text} for one in self.notifications]
        if changed or retry is None:
            given["retry"] = RetryPolicy.model_validate({**(retry or {}), **changed})
        return ScheduleTerms(**given)


class ScheduleCreate(ScheduleOptions):
    """A new schedule; it is not enabled."""

    name: str = Field(min_length=1, max_length=MAX_NAME, examples=["Morning Calls"])


class SchedulePatch(ScheduleOptions):
    """What to change; fields that are left out stay."""

    name: str = Field("", min_length=1, max_length=MAX_NAME)
    is_enabled: bool = Field(False, description="Enabled, it dials within its times; disabled, it pauses.")


class SchedulePublic(BaseModel):
    """A schedule. What lies beyond the guide's fields is shown where it was set."""

    uid: str
    name: str
    starts_at: str | None
    ends_at: str | None
    retry_type: RetryType
    retry_intervals: list[int]
    is_enabled: bool
    is_auto: bool
    created_at: str
    updated_at: str
    retry_factor: float | None = None
    retry_cap: float | None = None
    retry_jitter: float | None = None
    calling_hours: CallingHours | None = None
    timezone: str | None = None
    concurrency: int | None = None
    spacing_seconds: float | None = None
    notifications: list[NotificationBody] | None = None

    @classmethod
    def of(cls, batch: Batch) -> "SchedulePublic":
        """What is shown of a row."""
        retry = RetryPolicy.model_validate(batch.retry or {})
        shown: dict[str, Any] = {
            "uid": uid_of(batch.id),
            "name": batch.name,
            "starts_at": written_or_null(batch.schedule_at),
            "ends_at": written_or_null(batch.ends_at),
            "retry_type": retry.type,
            "retry_intervals": retry.intervals,
            "is_enabled": batch.enabled,
            "is_auto": batch.auto,
            "created_at": written(batch.created_at),
            "updated_at": written(batch.updated_at),
            **_beyond(batch, retry),
        }
        return cls.model_validate(shown)


def _beyond(batch: Batch, retry: RetryPolicy) -> dict[str, Any]:
    notifications = [{"on": rule["trigger"], "text": rule["text"]} for rule in batch.notifications]
    options = {
        "calling_hours": batch.calling_hours,
        "timezone": batch.timezone,
        "concurrency": batch.concurrency,
        "spacing_seconds": batch.spacing_seconds or None,
        "notifications": notifications or None,
    }
    if retry.type is RetryType.BACKOFF:
        options |= {"retry_factor": retry.factor, "retry_cap": retry.cap, "retry_jitter": retry.jitter}
    return {name: value for name, value in options.items() if value is not None}
