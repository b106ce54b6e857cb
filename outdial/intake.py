"""Intake: the one place where a call is accepted, whichever way it was asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field
from sqlmodel import Session

from outdial import numbers, quota, variables
from outdial.agents.briefing import NOTHING_MORE, Brief, opening_of, prompt_of
from outdial.catalog import current_version
from outdial.contacts import consent, people
from outdial.errors import Conflict, Forbidden, Invalid
from outdial.lifecycle import note
from outdial.links import Links
from outdial.localtime import known_timezone
from outdial.models import Account, Agent, AgentDefinition, AgentVersion, Call, Campaign, Contact
from outdial.models.agent import VoicemailAction
from outdial.policy import RetryPolicy
from outdial.settings import Settings
from outdial.storable import check_size, check_storable
from outdial.store.contacts import by_number
from outdial.store.do_not_call import is_listed
from outdial.store.scope import get
from outdial.webhooks.events import EventType, publish
from outdial.webhooks.urls import check_url
from outdial.windows import CallingHours

# A clock that is a little behind ours must not lose its call.
PAST_TOLERANCE = timedelta(seconds=60)
SHORTEST_MAX_DURATION = 30
MAX_VARIABLES, MAX_VARIABLES_KIB = 100, 64
MAX_METADATA, MAX_METADATA_KIB = 50, 16
MAX_NAME = 100
MAX_INITIAL_MESSAGE = 2_000
SILENCE_MS = range(100, 120_001)
_TAKEN_OVER = {
    "number",
    "campaign_id",
    "test",
    "initial_message",
    "trigger",
    "metadata_for_agent",
    "schedule_at",
    "recording_enabled",
}


class CallRequest(BaseModel):
    """A call as it is asked for. ``number`` is E.164; None means now for a time, else the default.

    ``any_length`` takes numbers that are too short or too long for their country; ``test`` is for calls that
    ring no phone; ``metadata_for_agent`` lets the agent know the metadata. The contact with the number is the
    call's, and its fields are variables too; ``variables`` come before them.
    """

    agent_id: str
    number: str
    any_length: bool = False
    test: bool = False
    campaign_id: str | None = None
    initial_message: str | None = None
    trigger: str | None = None
    initial_silence_timeout: int | None = None
    metadata_for_agent: bool = False
    variables: dict[str, Any] = Field(default_factory=dict)
    schedule_at: datetime | None = None
    timezone: str | None = None
    max_duration_seconds: int | None = None
    caller_id: str | None = None
    recording_enabled: bool = True
    webhook_url: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    retry: RetryPolicy | None = None
    window: CallingHours | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Accepted:
    """A recorded call, and the deliveries owed for it; both are to be started after the commit.

    ``calls_remaining`` is what the account's quota leaves after it, None where there is none.
    """

    call: Call
    agent_version: int
    deliveries: list[str]
    calls_remaining: int | None = None


@dataclass(frozen=True)
class Intake:
    """Accepts calls under one installation's settings."""

    settings: Settings
    links: Links

    def accept_call(
        self, session: Session, account: Account, request: CallRequest, *, now: datetime
    ) -> Accepted:
        """Check the request and record the call, in the caller's write transaction.

        Raises Invalid, NotFound, Conflict, Forbidden or LimitReached with the name of the field in CallRequest.
        """
        self.check_enabled(account, test=request.test)
        version = version_for(session, account, request.agent_id)
        number = numbers.read_e164(request.number, field="number", check_length=not request.any_length)
        contact = by_number(session, account.id, number)
        check_variables(version.definition, request.variables, _brief(request), people.told(contact))
        check_metadata(request.metadata)
        campaign = campaign_of(session, account, request.campaign_id)
        check_callable(session, account, number, now)
        call = self._call(account, version, request, contact, now)
        call.caller_id = call.caller_id or number_shown(account, campaign)
        remaining = None if request.test else quota.take(session, account.id)
        session.add(call)
        session.flush()
        note(session, call, EventType.CALL_SCHEDULED, now)
        deliveries = publish(session, call, EventType.CALL_SCHEDULED, now=now, links=self.links)
        return Accepted(call, version.version, deliveries, remaining)

    def check_enabled(self, account: Account, *, test: bool) -> None:
        """Raises Forbidden where the account may only rehearse."""
        if not account.outbound_enabled and not test:
            whom = self.settings.support_contact
            raise Forbidden(
                f"Outbound calling is not enabled for this account. To have it enabled, contact {whom}.",
                code="outbound_disabled",
            )

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

    def _call(
        self,
        account: Account,
        version: AgentVersion,
        request: CallRequest,
        contact: Contact | None,
        now: datetime,
    ) -> Call:
        caller_id = request.caller_id and numbers.read_e164(request.caller_id, field="caller_id")
        same = request.model_dump(include=_TAKEN_OVER)
        due_at = self.due_at(request.schedule_at, now)
        if request.ends_at is not None and request.ends_at <= due_at:
            raise Invalid("The call would end before it is due.", field="ends_at")
        return Call(
            account_id=account.id,
            agent_id=version.agent_id,
            agent_version_id=version.id,
            **same,
            **people.columns(contact),
            contact_id=contact.id if contact else None,
            caller_id=caller_id,
            variables={**people.told(contact), **request.variables},
            client_metadata=request.metadata,
            initial_silence_timeout=_silence(request.initial_silence_timeout),
            due_at=due_at,
            expires_at=request.ends_at,
            calling_hours=request.window.model_dump(mode="json") if request.window else None,
            timezone=_timezone(request, contact, account),
            max_duration_seconds=self.max_duration(request.max_duration_seconds),
            webhook_url=self.webhook_url(request.webhook_url),
            retry=request.retry.model_dump(mode="json") if request.retry else None,
            created_at=now,
            updated_at=now,
        )

    def max_duration(self, seconds: int | None) -> int:
        """The longest that a call may last, in seconds. Raises Invalid."""
        if seconds is None:
            return self.settings.default_max_duration
        longest = self.settings.longest_max_duration
        if not SHORTEST_MAX_DURATION <= seconds <= longest:
            expected = f"Expected {SHORTEST_MAX_DURATION} to {longest} seconds."
            raise Invalid(expected, field="max_duration_seconds")
        return seconds

    def webhook_url(self, url: str | None) -> str | None:
        """An address that webhooks may go to. Raises Invalid."""
        if url is None:
            return None
        return check_url(url, allow_loopback=self.settings.webhook_allow_loopback, field="webhook_url")


def version_for(session: Session, account: Account, agent_id: str) -> AgentVersion:
    """The agent's version that a call created now gets. Raises NotFound, or Conflict where it is archived."""
    agent = get(session, account.id, Agent, agent_id, field="agent_id")
    if agent.archived_at is not None:
        raise Conflict("The agent is archived and takes no calls.", field="agent_id", code="agent_archived")
    return current_version(session, agent)


def check_callable(session: Session, account: Account, number: str, now: datetime) -> None:
    """Raises Invalid for a number that the account must not call, naming the field ``number``."""
    if is_listed(session, account.id, number, now):
        raise Invalid("This number is on your do-not-call list.", field="number", code="do_not_call")
    if not consent.may_call(session, account, number):
        message = "The account requires consent, and no contact with this number has given it."
        raise Invalid(message, field="number", code=consent.MISSING)


def check_variables(
    definition: AgentDefinition,
    given: dict[str, Any],
    brief: Brief = NOTHING_MORE,
    contact: dict[str, Any] | None = None,
) -> None:
    """Raises Invalid for values that can't be kept, or where what is said needs one that is missing.

    ``contact`` is what is known of the person besides.
    """
    check_values(given)
    texts = [prompt_of(definition, brief), opening_of(definition, brief)]
    if definition.on_voicemail is VoicemailAction.LEAVE_MESSAGE:
        texts.append(definition.voicemail_message or "")
    absent = variables.missing(texts, {**(contact or {}), **given})
    if absent:
        message = f"The agent needs these variables too: {', '.join(absent)}."
        raise Invalid(message, field="variables", code="missing_variables")


def check_values(given: dict[str, Any]) -> None:
    """Raises Invalid for variables that are too much or can't be kept."""
    _check_names(given, "variables")
    check_size(given, keys=MAX_VARIABLES, kilobytes=MAX_VARIABLES_KIB, field="variables")


def check_metadata(given: dict[str, Any]) -> None:
    """Raises Invalid for what is too much or can't be kept."""
    if not given:
        return
    _check_names(given, "metadata")
    check_size(given, keys=MAX_METADATA, kilobytes=MAX_METADATA_KIB, field="metadata")


def _check_names(given: dict[str, Any], field: str) -> None:
    check_storable(given, field=field)
    if any(not 0 < len(name) <= MAX_NAME for name in given):
        raise Invalid(f"Expected names of 1 to {MAX_NAME} characters.", field=field)


def timezone_for(given: str | None, number: str, account: Account) -> str:
    """The one that was given, else where the number is; the account's own where that leaves a choice."""
    return known_timezone(given) if given is not None else numbers.timezone_of(number, account.timezone)


def _timezone(request: CallRequest, contact: Contact | None, account: Account) -> str:
    given = request.timezone if request.timezone is not None else contact and contact.timezone
    return timezone_for(given, request.number, account)


def _brief(request: CallRequest) -> Brief:
    first = request.initial_message
    if first is not None and not 0 < len(first.strip()) <= len(first) <= MAX_INITIAL_MESSAGE:
        raise Invalid(f"Expected 1 to {MAX_INITIAL_MESSAGE} characters.", field="initial_message")
    return Brief(first, request.trigger)


def campaign_of(session: Session, account: Account, campaign_id: str | None) -> Campaign | None:
    """The campaign to join, None where none is named. Raises NotFound, or Conflict where it is disabled."""
    if campaign_id is None:
        return None
    campaign = get(session, account.id, Campaign, campaign_id, field="campaign_id")
    if not campaign.is_enabled:
        raise Conflict("The campaign is disabled.", field="campaign_id", code="campaign_disabled")
    return campaign


def number_shown(account: Account, campaign: Campaign | None) -> str | None:
    """The number that callees see where neither a call nor a batch names one; None: the installation's."""
    return (campaign and campaign.caller_id) or account.default_caller_id


def _silence(milliseconds: int | None) -> int | None:
    if milliseconds is not None and milliseconds not in SILENCE_MS:
        expected = f"Expected {SILENCE_MS[0]} to {SILENCE_MS[-1]} milliseconds."
        raise Invalid(expected, field="initial_silence_timeout")
    return milliseconds
