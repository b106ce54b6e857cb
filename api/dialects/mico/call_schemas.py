"""Outbound calls as they are asked for and shown in this dialect."""

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pydantic import BaseModel, ConfigDict, Field

from api.body import Body
from api.dialects.mico.uids import uid_of, written, written_or_null
from api.dialects.mico.words import attempt_status_of, progress_of, status_of
from outdial.campaigns.person import CUSTOM, EVENT, Person
from outdial.contacts.people import FIELDS
from outdial.models import Attempt, Call, Notification, Progress
from outdial.policy import RetryPolicy

MAX_BULK = 1_000
_EXAMPLE: dict[str, Any] = {
    "phone_number": "+818012345678",
    "full_name": "John Doe",
    "first_name": "John",
    "last_name": "Doe",
    "phonetic_full_name": "John Doe",
    "phonetic_first_name": "John",
    "phonetic_last_name": "Doe",
    "email": "john.doe@example.com",
    "custom_parameters": {"account_id": "A12345", "appointment_time": "3:30 PM"},
    "external_id": "CUST-123",
}


class OutboundCallCreate(Body, Person):
    """A call to add to a schedule."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})


class SingleCreate(OutboundCallCreate):
    """The same by itself, where it may also be a test."""

    is_test_call: bool = Field(
        False, description="Dial it now, whatever the schedule's switch and times say."
    )


class BulkCreate(Body):
    """Calls to add to a schedule, each checked by itself."""

    outbound_calls: list[Any] = Field(
        min_length=1,
        max_length=MAX_BULK,
        description="Each as in the creation of a single one.",
        examples=[[_EXAMPLE]],
    )


class OutboundCallAdded(BaseModel):
    """A call that was added."""

    uid: str
    external_id: str | None
    status: str = Field(examples=["pending"])
    progress: str = Field(examples=["in_queue"])


class BulkFailure(BaseModel):
    """A call that was not added."""

    index: int = Field(description="Its place in the request, from 0.")
    reason: str = Field(examples=["Invalid phone number format"])
    details: dict[str, str] = Field(examples=[{"phone_number": "Invalid format"}])


class BulkAnswer(BaseModel):
    """What came of each."""

    outbound_calls: list[OutboundCallAdded]
    total_count: int
    successful_count: int
    failed_count: int
    failures: list[BulkFailure]


class CallOutcome(BaseModel):
    uid: str
    name: str = Field(examples=["APPOINTMENT_CONFIRMED"])


class AttemptOutcome(BaseModel):
    call_outcome: CallOutcome
    created_at: str


class AttemptPublic(BaseModel):
    """One dial."""

    uid: str
    status: str = Field(examples=["hangup"])
    started_at: str
    answered_at: str | None
    ended_at: str | None
    duration: int | None = Field(description="Seconds from the answer to the end; null if nobody answered.")
    created_at: str
    updated_at: str
    error_details: dict[str, str | None] | None
    outbound_call_attempts_outcomes: list[AttemptOutcome]

    @classmethod
    def of(cls, attempt: Attempt, agent_id: str) -> "AttemptPublic":
        """What is shown of a row."""
        return cls(
            uid=uid_of(attempt.id),
            status=attempt_status_of(attempt),
            started_at=written(attempt.placed_at or attempt.intended_at),
            answered_at=written_or_null(attempt.answered_at),
            ended_at=written_or_null(attempt.ended_at),
            duration=_duration(attempt),
            created_at=written(attempt.intended_at),
            updated_at=written(_last_change(attempt)),
            error_details=_error(attempt),
            outbound_call_attempts_outcomes=_outcomes(attempt, agent_id),
        )


class NotificationPublic(BaseModel):
    """A text message tied to the call."""

    uid: str
    status: str = Field(examples=["delivered"])
    message_count: int = Field(description="How many messages the carrier makes of it.")


class OutboundCallInfo(BaseModel):
    """Whom the call goes to, as it was sent."""

    phone_number: str
    full_name: str | None
    first_name: str | None
    last_name: str | None
    phonetic_full_name: str | None
    phonetic_first_name: str | None
    phonetic_last_name: str | None
    email: str | None
    custom_parameters: dict[str, Any]
    event_date_time: str | None = Field(None, description="Shown where it was given.")


class OutboundCallPublic(OutboundCallAdded):
    """A call as it stands."""

    is_test_call: bool
    number_call_retries: int = Field(description="Retries that are left.")
    cooldown_until: str | None = Field(description="When the next retry is due, while the call waits for it.")
    created_at: str
    updated_at: str
    outbound_call_info: OutboundCallInfo
    outbound_call_attempts: list[AttemptPublic]
    outbound_calls_notifications: list[NotificationPublic]

    @classmethod
    def build(
        cls,
        call: Call,
        retry: RetryPolicy,
        attempts: Sequence[Attempt],
        notifications: Sequence[Notification],
    ) -> "OutboundCallPublic":
        """What is shown of a call and what belongs to it; ``retry`` is its schedule's policy as it is now."""
        return cls(
            **added(call),
            is_test_call=is_test_call(call),
            number_call_retries=_retries_left(call, retry),
            cooldown_until=written(call.due_at) if call.progress is Progress.COOLDOWN else None,
            created_at=written(call.created_at),
            updated_at=written(call.updated_at),
            outbound_call_info=_info(call),
            outbound_call_attempts=[AttemptPublic.of(attempt, call.agent_id) for attempt in attempts],
            outbound_calls_notifications=[
                NotificationPublic(uid=uid_of(row.id), status=row.status, message_count=row.message_count)
                for row in notifications
            ],
        )


def added(call: Call) -> dict[str, Any]:
    """The fields that every answer about a call begins with."""
    return {
        "uid": uid_of(call.id),
        "external_id": call.external_id,
        "status": status_of(call),
        "progress": progress_of(call),
    }


def is_test_call(call: Call) -> bool:
    """A test call is listed by a schedule and not part of it."""
    return call.batch_id is None


def _retries_left(call: Call, retry: RetryPolicy) -> int:
    if call.status.ended or is_test_call(call):
        return 0
    return max(0, len(retry.intervals) - call.retries_used)


def _info(call: Call) -> OutboundCallInfo:
    given: dict[str, Any] = {name: getattr(call, name) for name in FIELDS}
    if EVENT in call.variables:
        given[EVENT] = call.variables[EVENT]
    return OutboundCallInfo(
        phone_number=call.number_given or call.number,
        custom_parameters=call.variables.get(CUSTOM, {}),
        **given,
    )


def _duration(attempt: Attempt) -> int | None:
    if attempt.answered_at is None or attempt.ended_at is None:
        return None
    return max(0, round((attempt.ended_at - attempt.answered_at).total_seconds()))


def _last_change(attempt: Attempt) -> Any:
    moments = (
        attempt.intended_at,
        attempt.placed_at,
        attempt.ringing_at,
        attempt.answered_at,
        attempt.ended_at,
    )
    return max(moment for moment in moments if moment is not None)


def _error(attempt: Attempt) -> dict[str, str | None] | None:
    if attempt.error_code is None and attempt.error_message is None:
        return None
    return {"code": attempt.error_code, "message": attempt.error_message}


def _outcomes(attempt: Attempt, agent_id: str) -> list[AttemptOutcome]:
    if attempt.outcome is None or attempt.outcome_at is None:
        return []
    # An outcome is a tag of its agent: the same name has the same uid wherever that agent talks.
    uid = uuid5(NAMESPACE_URL, f"urn:outdial:outcome:{agent_id}:{attempt.outcome}")
    outcome = CallOutcome(uid=str(uid), name=attempt.outcome)
    return [AttemptOutcome(call_outcome=outcome, created_at=written(attempt.outcome_at))]
