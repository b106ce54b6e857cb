"""A batch as it is asked for, and what became of each of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from outdial.errors import Invalid, OutdialError
from outdial.models import Batch
from outdial.policy import RetryPolicy
from outdial.windows import CallingHours

MAX_NAME = 200
# An hour between two dials is no batch any more.
LONGEST_SPACING = 3_600


class Window(CallingHours):
    """Calling hours, by the clock of ``timezone`` or, unset, by the clock where each number is."""

    timezone: str | None = Field(default=None, description="IANA name; unset means where each number is.")


class BatchRequest(BaseModel):
    """A batch without its recipients. None means now for a time, else the default.

    ``default_region`` allows national numbers. ``test`` is for calls that ring no phone;
    ``metadata_for_agent`` lets the agent know each recipient's metadata.
    """

    agent_id: str
    name: str | None = Field(default=None, max_length=MAX_NAME)
    concurrency: int | None = Field(default=None, ge=1)
    spacing_seconds: float = Field(default=0, ge=0, le=LONGEST_SPACING)
    schedule_at: datetime | None = None
    ends_at: datetime | None = None
    window: Window | None = None
    timezone: str | None = None
    retry: RetryPolicy | None = None
    webhook_url: str | None = None
    caller_id: str | None = None
    max_duration_seconds: int | None = None
    recording_enabled: bool = True
    campaign_id: str | None = None
    trigger: str | None = None
    metadata_for_agent: bool = False
    test: bool = False
    metadata: dict[str, Any] = Field(default_factory=dict)
    default_region: Annotated[str, Field(pattern="^[A-Za-z]{2}$")] | None = None


@dataclass(frozen=True)
class Recipient:
    """One row, as it was sent. ``line`` is where it begins in a file; ``error`` is why it can't be read."""

    phone: str
    variables: dict[str, Any] = field(default_factory=dict[str, Any])
    external_id: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    line: int | None = None
    error: OutdialError | None = None
    person: dict[str, Any] = field(
        default_factory=dict[str, Any]
    )  # further columns of the call: names, email


@dataclass(frozen=True)
class AcceptedRow:
    """A row that is a call now. ``index`` is its place in what was sent, from 0."""

    index: int
    call_id: str
    phone: str
    external_id: str | None


@dataclass(frozen=True)
class RejectedRow:
    """A row that was refused, and why. ``duplicate_of``: the index of the row that has this number."""

    index: int
    line: int | None
    phone: str
    external_id: str | None
    code: str
    reason: str
    variables: dict[str, Any] = field(default_factory=dict[str, Any])
    field: str | None = None
    duplicate_of: int | None = None


@dataclass
class Taken:
    """What came of an upload; of accepted and rejected rows the first ones are listed."""

    batch: Batch
    accepted: list[AcceptedRow] = field(default_factory=list[AcceptedRow])
    rejected: list[RejectedRow] = field(default_factory=list[RejectedRow])
    accepted_count: int = 0
    rejected_count: int = 0


class RowsRejected(Invalid):
    """Nothing was stored, because of these rows."""

    code = "rows_rejected"

    def __init__(self, message: str, rejected: Sequence[RejectedRow]) -> None:
        super().__init__(message, field="recipients")
        self.rejected = rejected
