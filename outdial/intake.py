"""Intake: the one place where a call is accepted, whichever way it was asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel, Field
from sqlmodel import Session

from outdial import numbers, variables
from outdial.catalog import current_version
from outdial.errors import Conflict, Invalid
from outdial.lifecycle import note
from outdial.links import Links
from outdial.models import Account, Agent, AgentDefinition, AgentVersion, Call
from outdial.models.agent import VoicemailAction
from outdial.policy import RetryPolicy
from outdial.settings import Settings
from outdial.storable import check_size, check_storable
from outdial.store.do_not_call import is_listed
from outdial.store.scope import get
from outdial.webhooks.events import EventType, publish
from outdial.webhooks.urls import check_url

# A clock that is a little behind ours must not lose its call.
PAST_TOLERANCE = timedelta(seconds=60)
SHORTEST_MAX_DURATION = 30
MAX_VARIABLES, MAX_VARIABLES_KIB = 100, 64
MAX_METADATA, MAX_METADATA_KIB = 50, 16
MAX_NAME = 100


class CallRequest(BaseModel):
    """A call as it is asked for. ``number`` is E.164; None means now for a time, else the default."""

    agent_id: str
    number: str
    variables: dict[str, Any] = Field(default_factory=dict)
    schedule_at: datetime | None = None
    timezone: str | None = None
    max_duration_seconds: int | None = None
    caller_id: str | None = None
    recording_enabled: bool = True
    webhook_url: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    retry: RetryPolicy | None = None


@dataclass(frozen=True)
class Accepted:
    """A recorded call, and the deliveries owed for it; both are to be started after the commit."""

    call: Call
    agent_version: int
    deliveries: list[str]


@dataclass(frozen=True)
class Intake:
    """Accepts calls under one installation's settings."""

    settings: Settings
    links: Links

    def accept_call(
        self, session: Session, account: Account, request: CallRequest, *, now: datetime
    ) -> Accepted:
        """Check the request and record the call, in the caller's write transaction.

        Raises Invalid, NotFound or Conflict with the name of the field in CallRequest.
        """
        version = _version_for(session, account, request.agent_id)
        number = numbers.read_e164(request.number, field="number")
        _check_variables(version.definition, request.variables)
        _check_metadata(request.metadata)
        if is_listed(session, account.id, number, now):
            raise Invalid("This number is on your do-not-call list.", field="number", code="do_not_call")
        call = self._call(account, version, request, now)
        session.add(call)
        session.flush()
        note(session, call, EventType.CALL_SCHEDULED, now)
        deliveries = publish(session, call, EventType.CALL_SCHEDULED, now=now, links=self.links)
        return Accepted(call, version.version, deliveries)

    def due_at(self, schedule_at: datetime | None, now: datetime) -> datetime:
        """When a call asked for at that time is due. Raises Invalid for the past and for the far future."""
        if schedule_at is None:
            return now
        if schedule_at < now - PAST_TOLERANCE:
            raise Invalid("This time is in the past.", field="schedule_at")
        if schedule_at > now + timedelta(days=self.settings.max_schedule_days):
            days = self.settings.max_schedule_days
            raise Invalid(f"A call can be scheduled at most {days} days ahead.", field="schedule_at")
        return max(schedule_at, now)

    def _call(self, account: Account, version: AgentVersion, request: CallRequest, now: datetime) -> Call:
        return Call(
            account_id=account.id,
            agent_id=version.agent_id,
            agent_version_id=version.id,
            number=request.number,
            caller_id=request.caller_id and numbers.read_e164(request.caller_id, field="caller_id"),
            variables=request.variables,
            client_metadata=request.metadata,
            schedule_at=request.schedule_at,
            due_at=self.due_at(request.schedule_at, now),
            timezone=_timezone(request.timezone, request.number, account),
            max_duration_seconds=self._max_duration(request.max_duration_seconds),
            recording_enabled=request.recording_enabled,
            webhook_url=self._webhook_url(request.webhook_url),
            retry=request.retry.model_dump(mode="json") if request.retry else None,
            created_at=now,
            updated_at=now,
        )

    def _max_duration(self, seconds: int | None) -> int:
        if seconds is None:
            return self.settings.default_max_duration
        longest = self.settings.longest_max_duration
        if not SHORTEST_MAX_DURATION <= seconds <= longest:
            expected = f"Expected {SHORTEST_MAX_DURATION} to {longest} seconds."
            raise Invalid(expected, field="max_duration_seconds")
        return seconds

    def _webhook_url(self, url: str | None) -> str | None:
        if url is None:
            return None
        return check_url(url, allow_loopback=self.settings.webhook_allow_loopback, field="webhook_url")


def _version_for(session: Session, account: Account, agent_id: str) -> AgentVersion:
    agent = get(session, account.id, Agent, agent_id, field="agent_id")
    if agent.archived_at is not None:
        raise Conflict("The agent is archived and takes no calls.", field="agent_id", code="agent_archived")
    return current_version(session, agent)


def _check_variables(definition: AgentDefinition, given: dict[str, Any]) -> None:
    _check_names(given, "variables")
    check_size(given, keys=MAX_VARIABLES, kilobytes=MAX_VARIABLES_KIB, field="variables")
    texts = [definition.system_prompt, definition.opening_line]
    if definition.on_voicemail is VoicemailAction.LEAVE_MESSAGE:
        texts.append(definition.voicemail_message or "")
    absent = variables.missing(texts, given)
    if absent:
        message = f"The agent needs these variables too: {', '.join(absent)}."
        raise Invalid(message, field="variables", code="missing_variables")


def _check_metadata(given: dict[str, Any]) -> None:
    _check_names(given, "metadata")
    check_size(given, keys=MAX_METADATA, kilobytes=MAX_METADATA_KIB, field="metadata")


def _check_names(given: dict[str, Any], field: str) -> None:
    check_storable(given, field=field)
    if any(not 0 < len(name) <= MAX_NAME for name in given):
        raise Invalid(f"Expected names of 1 to {MAX_NAME} characters.", field=field)


def _timezone(given: str | None, number: str, account: Account) -> str:
    """The one that was given, else where the number is; the account's own where that leaves a choice."""
    if given is not None:
        return _known_timezone(given)
    zones = numbers.timezones_of(number)
    return account.timezone if not zones or account.timezone in zones else zones[0]


def _known_timezone(name: str) -> str:
    if name not in _timezones():
        raise Invalid("Expected an IANA timezone, for example Asia/Kolkata.", field="timezone")
    return name


@lru_cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())
