"""Calls as they are asked for and shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.body import Body, CampaignId, Instant, PhoneText
from outdial.conversation.latency import Latency
from outdial.intake import CallRequest
from outdial.models import Attempt, Call, CallEvent
from outdial.policy import RetryPolicy
from outdial.vocabulary import AttemptState, CallStatus, Disposition, Progress, Sentiment
from outdial.windows import CallingHours

_EXAMPLE: dict[str, Any] = {
    "agent_id": "agent_01k9x2m4v6b8n0c2d4f6g8h0j2",
    "recipient_phone": "+919876543210",
    "variables": {"name": "Rahul", "amount_due": "₹2,500", "due_date": "April 25"},
}


class RetryBody(RetryPolicy):
    """When the call is dialled again after no answer, busy, voicemail or a failure of the carrier."""

    model_config = ConfigDict(extra="forbid")


class WindowBody(CallingHours):
    """At which local times the call may be dialled."""

    model_config = ConfigDict(extra="forbid")


class CallCreate(Body):
    """A call to place now, or at a time."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    agent_id: str
    recipient_phone: PhoneText = Field(
        description="E.164: plus, country code, number, no spaces or dashes.", examples=["+919876543210"]
    )
    variables: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="Values for the agent's `{{name}}` placeholders."
    )
    schedule_at: Instant | None = Field(
        None,
        description="When to dial, in Unix seconds or ISO 8601; unset means now.",
        examples=[1_893_456_000],
    )
    timezone: str | None = Field(None, description="IANA name; unset means where the number is.")
    max_duration_seconds: int | None = Field(
        None, description="The call is hung up after so long.", examples=[900]
    )
    caller_id: str | None = Field(None, description="The number shown to the callee, E.164.")
    campaign_id: CampaignId | None = Field(None, description="The campaign that the call joins.")
    initial_message: str | None = Field(
        None, description="The first words of this call, instead of the agent's opening line."
    )
    trigger: str | None = Field(None, description="Which of the agent's tasks this call is.")
    initial_silence_timeout: int | None = Field(
        None, description="Milliseconds until a callee who says nothing is asked.", examples=[5000]
    )
    recording_enabled: bool = True
    webhook_url: str | None = Field(
        None, description="Gets this call's events besides the account's endpoints."
    )
    metadata: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="Yours; returned as it is and usable as a filter."
    )
    retry: RetryBody | None = Field(None, description="Unset means that the number is dialled once.")
    window: WindowBody | None = Field(
        None, description="Calling hours, by the clock of `timezone`; unset: at any time."
    )
    ends_at: Instant | None = Field(None, description="Never dialled from then on; unset: no end.")

    def to_request(self, *, test: bool) -> CallRequest:
        """The same in the domain's words; a ``test`` rings no phone."""
        given = self.model_dump(exclude={"recipient_phone", "retry", "window"})
        return CallRequest(
            **given, number=self.recipient_phone, retry=self.retry, window=self.window, test=test
        )


class Reschedule(Body):
    """Another time for the next dial."""

    schedule_at: Instant = Field(description="Unix seconds or ISO 8601.", examples=[1_893_456_000])


def _unix_seconds(value: Any) -> Any:
    return int(value.timestamp()) if isinstance(value, datetime) else value


class CallPublic(BaseModel):
    """A call as it stands."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    call_id: str = Field(description="The same as `id`.")
    status: CallStatus
    progress: Progress = Field(description="What the call is doing within its status.")
    paused: bool
    hold_reason: str | None = Field(description="Why the call is not dialled yet although it is due.")
    agent_id: str
    agent_version: int = Field(description="The version that the call was created with and keeps.")
    batch_id: str | None
    campaign_id: str | None
    contact_id: str | None = Field(description="The contact with this number when the call was placed.")
    test: bool = Field(description="Placed with a test key: it rings no phone.")
    recipient_phone: str
    caller_id: str | None
    variables: dict[str, Any]
    metadata: dict[str, Any]
    schedule_at: Annotated[int | None, BeforeValidator(_unix_seconds)] = Field(
        description="The time that was asked for, in Unix seconds; null if it was at once."
    )
    due_at: datetime = Field(
        description="When the next dial is due; of a queued call, when it asks again at the latest."
    )
    timezone: str
    initial_message: str | None = Field(description="The first words, where they are not the agent's own.")
    trigger: str | None = Field(description="Which of the agent's tasks this is.")
    initial_silence_timeout: int | None = Field(
        description="Milliseconds until a callee who has said nothing is asked."
    )
    max_duration_seconds: int
    recording_enabled: bool
    webhook_url: str | None
    retry: RetryPolicy | None
    window: CallingHours | None = Field(description="Calling hours in `timezone`; null: at any time.")
    ends_at: datetime | None = Field(description="Never dialled from then on.")
    attempts_made: int
    disposition: Disposition | None = Field(description="How the last attempt ended.")
    outcome: str | None = Field(description="The tag the call ended with.", examples=["BOOKED"])
    end_reason: str | None
    summary: str | None
    sentiment: Sentiment | None
    extracted: dict[str, Any] | None = Field(description="The agent's fields, read out of the conversation.")
    extraction_error: str | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, call: Call, agent_version: int) -> "CallPublic":
        """What is shown of a row."""
        return cls.model_validate(_shown(call, agent_version))


class AttemptPublic(BaseModel):
    """One dial of a call."""

    model_config = ConfigDict(from_attributes=True)

    number: int = Field(description="1 is the first dial.")
    state: AttemptState
    carrier: str
    carrier_call_id: str | None
    admission: dict[str, Any] = Field(description="Why it was allowed to dial at that moment.")
    intended_at: datetime
    placed_at: datetime | None
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    disposition: Disposition | None
    ended_by: str | None
    retry_at: datetime | None = Field(description="When the next attempt is due, if there is one.")
    error_code: str | None
    error_message: str | None
    transcript_deleted_at: datetime | None = Field(
        description="When what was said was deleted, because it was kept long enough."
    )


class EventPublic(BaseModel):
    """One line of a call's timeline."""

    model_config = ConfigDict(from_attributes=True)

    type: str = Field(examples=["attempt.ringing"])
    at: datetime
    attempt: int | None
    detail: dict[str, Any]


class LatencyPublic(BaseModel):
    """From the callee's last word to the agent's first, over the turns of a call on a real phone."""

    model_config = ConfigDict(from_attributes=True)

    p50: int = Field(description="Half of the turns took at most so many milliseconds.", examples=[620])
    p95: int = Field(description="95 % of the turns did.", examples=[1_150])
    turns: int


class CallDetail(CallPublic):
    """A call with its attempts and its timeline."""

    attempts: list[AttemptPublic]
    events: list[EventPublic]
    latency_ms: LatencyPublic | None = Field(description="Null where it was not measured.")
    transcript_url: str | None = Field(
        description="Works without a key and expires; null before anybody talked, and once the words were deleted."
    )
    recording_url: str | None = Field(
        description="Works without a key and expires; null if nothing is recorded."
    )

    @classmethod
    def build(
        cls,
        call: Call,
        agent_version: int,
        attempts: Sequence[Attempt],
        events: Sequence[CallEvent],
        latency: Latency | None,
        **urls: str | None,
    ) -> "CallDetail":
        """What is shown of a call and all that belongs to it."""
        parts = {"attempts": attempts, "events": events, "latency_ms": latency}
        return cls.model_validate({**_shown(call, agent_version), **parts, **urls})


def _shown(call: Call, agent_version: int) -> dict[str, Any]:
    names = {
        "call_id": "id",
        "recipient_phone": "number",
        "metadata": "client_metadata",
        "window": "calling_hours",
        "ends_at": "expires_at",
    }
    shown = {
        name: getattr(call, names.get(name, name))
        for name in CallPublic.model_fields
        if name != "agent_version"
    }
    return {**shown, "agent_version": agent_version}
