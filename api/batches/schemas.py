"""Batches as they are asked for and shown."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WrapValidator

from api.batches.row import Row
from api.body import Body, CampaignId, Instant, PhoneText
from api.schemas.calls import RetryBody
from outdial.batches.progress import BatchProgress
from outdial.batches.request import LONGEST_SPACING, MAX_NAME, BatchRequest, Recipient, Taken, Window
from outdial.models import Batch, BatchStatus
from outdial.policy import RetryPolicy

_EXAMPLE: dict[str, Any] = {
    "agent_id": "agent_01k9x2m4v6b8n0c2d4f6g8h0j2",
    "recipients": [
        {"phone": "+919876543210", "variables": {"name": "Rahul", "amount_due": "₹2500"}},
        {"phone": "+919876543211", "variables": {"name": "Priya", "amount_due": "₹1800"}},
    ],
    "concurrency": 5,
    "schedule_at": 1_893_456_000,
}
Region = Annotated[str, Field(pattern="^[A-Za-z]{2}$", examples=["IN"])]


class WindowBody(Window):
    """The local hours and days at which people may be called."""

    model_config = ConfigDict(extra="forbid")


class RecipientBody(Row):
    """One person to call."""

    naming = ("phone", "external_id")

    phone: PhoneText = Field(description="E.164, or a national number where `default_region` is given.")
    variables: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="Values for the agent's `{{name}}` placeholders."
    )
    external_id: str | None = Field(None, description="Your own name for the person; returned as it is.")
    metadata: dict[str, Any] = Field(default_factory=dict[str, Any])

    def to_recipient(self) -> Recipient:
        """The same in the domain's words."""
        if self.fault is not None:
            return Recipient(self.phone, external_id=self.external_id or None, error=self.fault.error)
        return Recipient(self.phone, self.variables, self.external_id, self.metadata)


Recipients = Annotated[list[Annotated[RecipientBody, WrapValidator(RecipientBody.read)]], Field(min_length=1)]


class BatchTerms(Body):
    """How a batch calls, whoever its recipients are."""

    agent_id: str
    name: str | None = Field(None, min_length=1, max_length=MAX_NAME)
    concurrency: int | None = Field(
        None, ge=1, description="Lines at most; unset: as many as the account has.", examples=[5]
    )
    spacing_seconds: float = Field(0, ge=0, le=LONGEST_SPACING, description="At least so long between dials.")
    schedule_at: Instant | None = Field(
        None, description="When to start, Unix seconds or ISO 8601. Unset or past: at once."
    )
    ends_at: Instant | None = Field(None, description="Nothing is dialled from then on.")
    window: WindowBody | None = Field(None, description="Calling hours; unset: at any time.")
    timezone: str | None = Field(None, description="IANA name for all; unset: where each number is.")
    retry: RetryBody | None = Field(None, description="Unset means that each number is dialled once.")
    webhook_url: str | None = Field(
        None, description="Gets the events of the batch and of its calls besides the account's endpoints."
    )
    caller_id: str | None = Field(None, description="The number shown to the callee, E.164.")
    max_duration_seconds: int | None = Field(None, description="Calls are hung up after so long.")
    recording_enabled: bool = True
    campaign_id: CampaignId | None = None
    trigger: str | None = Field(None, description="Which of the agent's tasks the calls are.")
    metadata: dict[str, Any] = Field(default_factory=dict[str, Any])
    default_region: Region | None = Field(
        None, description="Two letters: numbers without a country code are read as this country's."
    )

    def to_request(self, *, test: bool) -> BatchRequest:
        """The same in the domain's words; a ``test`` rings no phone."""
        return BatchRequest(**self.model_dump(include=set(BatchTerms.model_fields)), test=test)


class BatchCreate(BatchTerms):
    """A batch of recipients to call now, or from a time on."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    rows = "recipients"
    recipients: Recipients
    strict: bool = Field(False, description="Accept nothing if any row can't be accepted.")


class BatchAppend(Body):
    """More recipients for a batch that has not ended."""

    rows = "recipients"
    recipients: Recipients
    strict: bool = False
    default_region: Region | None = None


class BatchCancel(Body):
    """How a batch is to be ended."""

    graceful: bool = Field(False, description="Live conversations end by themselves instead of being cut.")


def _unix_seconds(value: Any) -> Any:
    return int(value.timestamp()) if isinstance(value, datetime) else value


class BatchPublic(BatchProgress):
    """A batch as it stands."""

    id: str
    batch_id: str = Field(description="The same as `id`.")
    name: str
    status: BatchStatus
    agent_id: str
    campaign_id: str | None
    concurrency: int | None
    spacing_seconds: float
    schedule_at: Annotated[int | None, BeforeValidator(_unix_seconds)]
    due_at: datetime
    ends_at: datetime | None
    window: Window | None
    timezone: str | None
    retry: RetryPolicy | None
    webhook_url: str | None
    caller_id: str | None
    max_duration_seconds: int
    recording_enabled: bool
    trigger: str | None
    test: bool = Field(description="Made with a test key: it rings no phone.")
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, batch: Batch, progress: BatchProgress) -> "BatchPublic":
        """What is shown of a batch."""
        names = {"batch_id": "id", "metadata": "client_metadata"}
        own = cls.model_fields.keys() - BatchProgress.model_fields.keys() - {"window"}
        shown = {name: getattr(batch, names.get(name, name)) for name in own}
        hours = batch.calling_hours and {**batch.calling_hours, "timezone": batch.timezone}
        return cls.model_validate({**progress.model_dump(), **shown, "window": hours})


class AcceptedPublic(BaseModel):
    """A row that is a call now."""

    model_config = ConfigDict(from_attributes=True)

    index: int = Field(description="Its place in what was sent, from 0.")
    call_id: str
    phone: str
    external_id: str | None


class RejectedPublic(BaseModel):
    """A row that was refused."""

    model_config = ConfigDict(from_attributes=True)

    index: int = Field(description="Its place in what was sent, from 0.")
    line: int | None = Field(description="Where it begins in an uploaded file; the header is line 1.")
    phone: str
    external_id: str | None
    code: str = Field(examples=["duplicate"])
    reason: str = Field(examples=["The same number as row 3."])
    duplicate_of: int | None = Field(description="The index of the row that has the same number.")


class BatchAccepted(BatchPublic):
    """A batch that was taken in, and what became of each row."""

    accepted_count: int = Field(description="Of this request.")
    rejected_count: int = Field(description="Of this request.")
    accepted: list[AcceptedPublic] = Field(description="The first 10,000; the others are at /calls.")
    rejected: list[RejectedPublic] = Field(description="The first 10,000; the others are at /rejected.")

    @classmethod
    def of_taken(cls, taken: Taken, progress: BatchProgress) -> "BatchAccepted":
        """What an upload is answered with."""
        rows = {
            "accepted_count": taken.accepted_count,
            "rejected_count": taken.rejected_count,
            "accepted": [AcceptedPublic.model_validate(row) for row in taken.accepted],
            "rejected": [RejectedPublic.model_validate(row) for row in taken.rejected],
        }
        return cls.model_validate({**BatchPublic.of(taken.batch, progress).model_dump(), **rows})


class RefusedRow(BaseModel):
    """A refused row of a batch, as it is kept."""

    row: int = Field(description="Its place in the batch, uploads that came later counted on.")
    line: int | None
    phone: str
    external_id: str | None
    code: str
    reason: str
    duplicate_of: int | None = Field(description="The row that has the same number.")


class RefusedRows(BaseModel):
    """One page of a batch's refused rows."""

    data: list[RefusedRow]
    next_after: int | None = Field(description="The `after` of the next page; null on the last.")
