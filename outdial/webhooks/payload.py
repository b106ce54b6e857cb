"""What an event tells: one flat JSON object, with Standard Webhooks' type and timestamp among its fields."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from outdial.links import Links
from outdial.models import Attempt, Batch, Call
from outdial.vocabulary import BatchStatus, CallStatus, Disposition, Sentiment


class Payload(BaseModel):
    """What every event carries. ``type`` and ``event_type`` are the same."""

    type: str = Field(examples=["call.completed"])
    timestamp: datetime = Field(description="When it happened, ISO 8601 in UTC.")
    event_type: str = Field(examples=["call.completed"])


class CallPayload(Payload):
    """What every event of a call carries."""

    batch_id: str | None = Field(examples=["batch_01k9"])
    call_id: str = Field(examples=["call_01k9"])
    status: CallStatus
    agent_id: str
    recipient_phone: str = Field(examples=["+12025550123"])
    schedule_at: int | None = Field(
        description="The time asked for, in Unix seconds; null if it was at once."
    )
    attempts: int = Field(description="How many times the number was dialled so far.")
    metadata: dict[str, Any]


class EndedCallPayload(CallPayload):
    """What the events carry that end a call: call.completed, call.failed and call.canceled."""

    outcome: str | None = Field(examples=["BOOKED"])
    summary: str | None = Field(examples=["Customer confirmed appointment for Friday 3 PM"])
    sentiment: Sentiment | None
    extracted: dict[str, Any] = Field(description="The agent's fields; null where something was not said.")
    disposition: Disposition | None = Field(description="How the last attempt ended.")
    end_reason: str | None
    duration_seconds: int = Field(
        description="From the answer to the end of the last attempt; 0 if unanswered."
    )
    transcript_url: str | None = Field(
        description="Works without a key and expires; null where nobody talked."
    )
    recording_url: str | None = Field(
        description="Works without a key and expires; null where nothing was recorded."
    )


class BatchPayload(Payload):
    """What batch.completed and batch.canceled carry, once no call of the batch is open."""

    batch_id: str = Field(examples=["batch_01k9"])
    name: str
    status: BatchStatus
    agent_id: str
    total: int
    completed: int
    failed: int
    canceled: int
    rejected_rows: int
    answer_rate: float | None
    outcomes: dict[str, int] = Field(examples=[{"BOOKED": 41, "REFUSED": 12}])
    started_at: datetime | None
    ended_at: datetime | None
    metadata: dict[str, Any]


class EndpointDisabledPayload(Payload):
    """Tells an account's other endpoints that one of them was disabled."""

    endpoint_id: str
    url: str
    reason: str


class TestPayload(Payload):
    """What a test sends."""

    __test__ = False  # not a case for pytest

    endpoint_id: str
    message: str


def batch_payload(batch: Batch, event: str, counts: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The event as JSON values. ``counts`` are those of the batch's progress."""
    told: dict[str, Any] = {
        "type": event,
        "timestamp": now,
        "event_type": event,
        "batch_id": batch.id,
        "name": batch.name,
        "status": batch.status,
        "agent_id": batch.agent_id,
        "metadata": batch.client_metadata,
    }
    return BatchPayload.model_validate({**counts, **told}).model_dump(mode="json")


def call_payload(
    call: Call, event: str, *, now: datetime, links: Links, attempt: Attempt | None = None
) -> dict[str, Any]:
    """The event as JSON values. ``attempt`` is the call's latest."""
    told: dict[str, Any] = {
        "type": event,
        "timestamp": now,
        "event_type": event,
        "batch_id": call.batch_id,
        "call_id": call.id,
        "status": call.status,
        "agent_id": call.agent_id,
        "recipient_phone": call.number,
        "schedule_at": int(call.schedule_at.timestamp()) if call.schedule_at else None,
        "attempts": call.attempts_made,
        "metadata": call.client_metadata,
    }
    if not call.status.ended:
        return CallPayload(**told).model_dump(mode="json")
    return EndedCallPayload(**told, **_result(call, now, links, attempt)).model_dump(mode="json")


def _result(call: Call, now: datetime, links: Links, attempt: Attempt | None) -> dict[str, Any]:
    recorded = attempt is not None and attempt.recording is not None
    return {
        "outcome": call.outcome,
        "summary": call.summary,
        "sentiment": call.sentiment,
        "extracted": call.extracted or {},
        "disposition": call.disposition,
        "end_reason": call.end_reason,
        "duration_seconds": _seconds_talked(attempt, now),
        "transcript_url": links.transcript_url(call.id, now) if _talked(attempt) else None,
        "recording_url": links.recording_url(call.id, now) if recorded else None,
    }


def _talked(attempt: Attempt | None) -> bool:
    return (
        attempt is not None
        and attempt.answered_at is not None
        and attempt.disposition is not Disposition.VOICEMAIL
    )


def _seconds_talked(attempt: Attempt | None, now: datetime) -> int:
    if attempt is None or attempt.answered_at is None:
        return 0
    return max(0, round(((attempt.ended_at or now) - attempt.answered_at).total_seconds()))
