"""What a schedule may say: when its calls are made, how they are retried, whom it tells by text message."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from outdial.batches.request import LONGEST_SPACING, MAX_NAME
from outdial.notifications.policy import NotificationRule
from outdial.policy import RetryPolicy
from outdial.windows import CallingHours


class ScheduleTerms(BaseModel):
    """A schedule without its calls. None means: now for a start, never for an end, else the default.

    In a change only what was set counts.
    """

    name: str = Field("", max_length=MAX_NAME)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_enabled: bool = False
    is_auto: bool = False
    retry: RetryPolicy = Field(default_factory=RetryPolicy)
    calling_hours: CallingHours | None = None
    timezone: str | None = None
    concurrency: int | None = Field(None, ge=1)
    spacing_seconds: float = Field(0, ge=0, le=LONGEST_SPACING)
    notifications: list[NotificationRule] = Field(default_factory=list[NotificationRule], max_length=2)

    def given(self) -> dict[str, Any]:
        """What was set, by name, as it is stored."""
        return self.model_dump(mode="json", exclude_unset=True) | {
            name: getattr(self, name) for name in ("starts_at", "ends_at") if name in self.model_fields_set
        }
