"""What Twilio tells of a line, and what it asks to do on it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.carriers.intake import CarrierIntake
from api.carriers.twilio.signed import FieldsDep
from api.deps import DatabaseDep, SettingsDep
from outdial.carriers.base import CarrierEvent
from outdial.carriers.twilio.addresses import PREFIX, Addresses
from outdial.carriers.twilio.signatures import relay_token
from outdial.carriers.twilio.states import event_of, is_machine, machine_heard
from outdial.carriers.twilio.twiml import hangup_twiml, talk_twiml, transfer_twiml
from outdial.media.paths import recording_path
from outdial.models import AgentDefinition, Attempt, Call
from outdial.models.base import utc_now
from outdial.store import calls, dials, recordings, talks
from outdial.store.database import Database

router = APIRouter(prefix=f"{PREFIX}/calls/{{call_id}}/{{attempt}}", include_in_schema=False)

_log = structlog.get_logger(__name__)


def _intake(request: Request) -> CarrierIntake:
    return CarrierIntake(request.app.state.database, request.app.state.gateway)


IntakeDep = Annotated[CarrierIntake, Depends(_intake)]


@router.post("/status", status_code=204)
def take_status(call_id: str, attempt: int, fields: FieldsDep, intake: IntakeDep) -> None:
    """initiated, ringing, in-progress, and how it ended."""
    intake.take(f"{call_id}:{attempt}", fields.get("CallSid", ""), _events_in(fields))


@router.post("/machine", status_code=204)
def take_machine(call_id: str, attempt: int, fields: FieldsDep, intake: IntakeDep) -> None:
    """Whether a person or a machine answered."""
    if is_machine(fields.get("AnsweredBy")):
        intake.take(f"{call_id}:{attempt}", fields.get("CallSid", ""), [machine_heard(utc_now())])


@router.post("/recording", status_code=204)
def take_recording(call_id: str, attempt: int, fields: FieldsDep, database: DatabaseDep) -> None:
    """A recording is ready to be fetched."""
    sid = fields.get("RecordingSid", "")
    if fields.get("RecordingStatus", "completed") != "completed" or not sid:
        return
    with database.write() as session:
        row = dials.attempt_by_key(session, f"{call_id}:{attempt}", lock=True)
        if row is not None:
            seconds = _whole(fields.get("RecordingDuration"))
            path = recording_path(row, sid)
            recordings.announce(
                session, row, carrier_recording_id=sid, path=path, seconds=seconds, now=utc_now()
            )


@router.post("/twiml")
def what_to_do(
    call_id: str, attempt: int, fields: FieldsDep, database: DatabaseDep, settings: SettingsDep
) -> Response:
    """The call was answered: connect it to our conversation, unless it is not wanted any more."""
    found = _found(database, call_id, attempt)
    if found is None or found[1].ended_at is not None:
        return _twiml(hangup_twiml())
    agent, to = found[2], Addresses.of(settings, f"{call_id}:{attempt}")
    socket = to.relay(relay_token(settings, f"{call_id}:{attempt}"))
    return _twiml(talk_twiml(settings, agent, socket=socket, then=to.talked))


@router.post("/talked")
def what_then(
    call_id: str, attempt: int, fields: FieldsDep, database: DatabaseDep, settings: SettingsDep
) -> Response:
    """The conversation is over: hang up, or connect the callee to a person."""
    found = _found(database, call_id, attempt)
    if found is None:
        return _twiml(hangup_twiml())
    call, row, agent = found
    if fields.get("ErrorCode") or fields.get("SessionStatus") == "failed":
        _fail(database, row, fields)
        return _twiml(hangup_twiml())
    with database.read() as session:
        talk = talks.of(session, row)
    if talk is not None and talk.ended_by == talks.TRANSFER and agent.transfer_number:
        return _twiml(
            transfer_twiml(agent.transfer_number, caller_id=row.caller_id, longest=call.max_duration_seconds)
        )
    return _twiml(hangup_twiml())


def _events_in(fields: Mapping[str, str]) -> list[CarrierEvent]:
    at = _time_of(fields)
    event = event_of(fields.get("CallStatus", ""), at, error_code=_error_of(fields))
    if event is None:
        return []
    if fields.get("CallStatus") != "completed":
        return [event]
    # What ends so has been answered; the callback of that may come later, or never.
    seconds = _whole(fields.get("CallDuration")) or 0
    answered = event_of("in-progress", at and at - timedelta(seconds=seconds))
    machine = [machine_heard(at)] if is_machine(fields.get("AnsweredBy")) else []
    return [*([answered] if answered else []), *machine, event]


def _error_of(fields: Mapping[str, str]) -> str | None:
    sip = fields.get("SipResponseCode")
    return fields.get("ErrorCode") or (f"sip {sip}" if sip and sip != "200" else None)


def _time_of(fields: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(fields["Timestamp"]).astimezone(UTC)
    except (KeyError, ValueError):
        return None


def _found(database: Database, call_id: str, attempt: int) -> tuple[Call, Attempt, AgentDefinition] | None:
    with database.read() as session:
        row = dials.attempt_by_key(session, f"{call_id}:{attempt}")
        if row is None:
            return None
        call = calls.load(session, call_id)
        return call, row, calls.agent_version(session, call).definition


def _fail(database: Database, attempt: Attempt, fields: Mapping[str, str]) -> None:
    error = (
        f"{fields.get('ErrorMessage') or 'The conversation failed'} (Twilio error {fields.get('ErrorCode')})"
    )
    _log.warning("talk.failed_at_carrier", call_id=attempt.call_id, error=error)
    with database.write() as session:
        talks.break_off(session, attempt, error)


def _whole(text: Any) -> int | None:
    return int(text) if str(text or "").isdecimal() else None


def _twiml(text: str) -> Response:
    return Response(text, media_type="text/xml")
