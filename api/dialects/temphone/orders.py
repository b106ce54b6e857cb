"""From a request of this dialect to a call as the domain knows it."""

from datetime import datetime, timedelta

from sqlmodel import Session

from api.dialects.temphone.envelope import TIME_EXPECTED
from api.dialects.temphone.schemas import Reschedule, ScheduleCall
from outdial import catalog, numbers
from outdial.contacts import people
from outdial.errors import Invalid, NotFound
from outdial.intake import CallRequest
from outdial.localtime import known_timezone, read_timestamp
from outdial.models import Account, Call, Campaign, Contact
from outdial.settings import Settings
from outdial.store.scope import find


def order_of(
    session: Session, account: Account, body: ScheduleCall, settings: Settings, *, test: bool, now: datetime
) -> CallRequest:
    """The call that is asked for. Raises NotFound in this dialect's words, Invalid with its fields."""
    contact = find(session, account.id, Contact, body.contact_id)
    if contact is None:
        raise NotFound(f"Contact not found: {body.contact_id}.", field="contact_id")
    campaign = _campaign(session, account, body.campaign_id)
    zone = people.timezone_of(contact, account) if body.timezone is None else known_timezone(body.timezone)
    caller_id = body.caller_id and numbers.read_any(body.caller_id, account.default_region, field="caller_id")
    agent_id = (
        campaign.agent_id if campaign and campaign.agent_id else catalog.default_agent_id(session, account)
    )
    return CallRequest(
        agent_id=agent_id,
        number=contact.number,
        test=test,
        campaign_id=body.campaign_id,
        initial_message=body.initial_message,
        schedule_at=time_of(body.scheduled_at, zone, settings, now),
        timezone=zone,
        max_duration_seconds=body.max_duration_seconds,
        caller_id=caller_id or None,
        recording_enabled=body.recording_enabled is not False,
        webhook_url=body.webhook_url,
        metadata=body.metadata or {},
    )


def moved_to(call: Call, body: Reschedule, settings: Settings, now: datetime) -> tuple[datetime, str]:
    """The instant that a scheduled call is moved to, and its timezone from now on. Raises Invalid."""
    zone = call.timezone if body.timezone is None else known_timezone(body.timezone)
    return time_of(body.scheduled_at, zone, settings, now), zone


def time_of(text: str, timezone: str, settings: Settings, now: datetime) -> datetime:
    """The instant of a timestamp that lies in the future. Raises Invalid."""
    try:
        at = read_timestamp(text, timezone)
    except ValueError:
        raise Invalid(TIME_EXPECTED, field="scheduled_at") from None
    if at <= now:
        raise Invalid(TIME_EXPECTED, field="scheduled_at")
    if at > now + timedelta(days=settings.max_schedule_days):
        message = f"A call can be scheduled at most {settings.max_schedule_days} days ahead."
        raise Invalid(message, field="scheduled_at", code="too_far")
    return at


def _campaign(session: Session, account: Account, campaign_id: str | None) -> Campaign | None:
    if campaign_id is None:
        return None
    campaign = find(session, account.id, Campaign, campaign_id)
    if campaign is None:
        raise NotFound(f"Campaign not found: {campaign_id}.", field="campaign_id")
    return campaign
