"""Scheduled calls as they are asked for and shown in this dialect."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.body import Body, CampaignId
from outdial.models import Call
from outdial.vocabulary import CallStatus

_EXAMPLE: dict[str, Any] = {
    "contact_id": "ctc_12kd88",
    "scheduled_at": "2030-03-15T15:00:00Z",
    "initial_message": "Hi {{first_name}}, this is the assistant of Acme following up on your renewal.",
    "caller_id": "+1-415-555-0199",
    "metadata": {"playbook": "renewal_followup_v2"},
}
_TIME = (
    "ISO 8601, in the future. Without an offset it is local time: of `timezone`, else of the contact. "
    "A time that comes twice when clocks are set back means the first; one that is skipped when they are set "
    "forward falls as long after the change."
)


class ScheduleCall(Body):
    """A call to a contact."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    contact_id: str
    campaign_id: CampaignId | None = None
    scheduled_at: str = Field(description=_TIME, examples=["2030-03-15T15:00:00Z"])
    timezone: str | None = Field(None, description="IANA name; unset: the contact's.")
    initial_message: str = Field(
        description="The agent's first words. `{{first_name}}` and the contact's other fields can be named."
    )
    max_duration_seconds: int | None = Field(None, description="Unset: 900.", examples=[900])
    caller_id: str | None = Field(None, description="In any form that people write; kept as E.164.")
    metadata: dict[str, Any] | None = None
    recording_enabled: bool | None = Field(None, description="Unset: true.")
    webhook_url: str | None = Field(None, description="Gets this call's lifecycle events, signed.")


class Reschedule(Body):
    """Another time for the call."""

    scheduled_at: str = Field(description=_TIME, examples=["2030-03-16T09:30:00"])
    timezone: str | None = Field(None, description="IANA name; unset: as it is.")


class ScheduledCall(BaseModel):
    """A scheduled call as it stands."""

    call_id: str
    contact_id: str
    campaign_id: str | None
    scheduled_at: str = Field(description="ISO 8601 in UTC.", examples=["2030-03-15T15:00:00Z"])
    timezone: str
    initial_message: str
    max_duration_seconds: int
    caller_id: str | None
    recording_enabled: bool
    webhook_url: str | None
    metadata: dict[str, Any]
    status: CallStatus
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, call: Call) -> "ScheduledCall":
        """What is shown of a row."""
        return cls.model_validate(
            {
                **call.model_dump(include=set(cls.model_fields)),
                "call_id": call.id,
                "scheduled_at": _written(call.schedule_at or call.due_at),
                "metadata": call.client_metadata,
                "created_at": _written(call.created_at.replace(microsecond=0)),
                "updated_at": _written(call.updated_at.replace(microsecond=0)),
            }
        )


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
