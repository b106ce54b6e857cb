"""What a call was told, and whether it may be dialled at that instant, by the real worker on a real dev server."""

from datetime import timedelta
from typing import Any

import pytest

from outdial.contacts import consent, people
from outdial.models import Account, CallStatus, Campaign, ConsentKind, Contact
from outdial.models.base import utc_now
from outdial.store.database import Database
from tests import running
from tests.build import an_agent
from tests.running import Running
from tests.running import running as worker
from workflows.messages import Reschedule

pytestmark = pytest.mark.anyio

TASK = {"trigger": "renew", "prompt": "Renew.", "opening_line": "Hello {{first_name}}, your plan ends."}
TWILIO: dict[str, Any] = {
    "carrier": "twilio",
    "twilio_account_sid": "AC" + "0" * 32,
    "twilio_auth_token": "unused",
    "twilio_api_url": "http://127.0.0.1:9",
}


def set_account(outdial: Running, **values: object) -> None:
    """Change the account while calls wait."""
    with outdial.database.write() as session:
        account = session.get_one(Account, outdial.account.id)
        for name, value in values.items():
            setattr(account, name, value)
        session.add(account)


def a_consenting_contact(outdial: Running) -> Contact:
    """A contact with the number of the person who books."""
    now = utc_now()
    with outdial.database.write() as session:
        contact, _ = people.create_or_merge(session, outdial.account, running.BOOKS, {}, now)
        consent.record(session, contact, ConsentKind.WRITTEN, "form", given_at=None, now=now)
        return contact


async def test_the_calls_first_words_are_spoken(temporal: str, some_database: Database) -> None:
    """Instead of the agent's opening line, with the variables put in."""
    async with worker(temporal, some_database) as outdial:
        call = await outdial.call(initial_message="Hi {{first_name}}, this is your AI assistant.")
        assert outdial.said(call)[0] == "agent: Hi Ada, this is your AI assistant."


async def test_the_triggers_task_opens_the_talk(temporal: str, some_database: Database) -> None:
    """Its opening line is said in calls with its trigger."""
    async with worker(temporal, some_database) as outdial:
        with some_database.write() as session:
            outdial.agent = an_agent(session, outdial.account, tasks=[TASK])
        call = await outdial.call(trigger="renew")
        assert outdial.said(call)[0] == "agent: Hello Ada, your plan ends."


async def test_consent_that_was_revoked_meanwhile_stops_the_dial(temporal: str, database: Database) -> None:
    """Accepted with consent, refused at the instant of dialling without."""
    async with worker(temporal, database) as outdial:
        contact = a_consenting_contact(outdial)
        set_account(outdial, consent_required=True)
        assert (await outdial.call()).status is CallStatus.COMPLETED
        waiting = await outdial.place(due_at=utc_now() + timedelta(hours=1))
        with database.write() as session:
            consent.revoke(session, contact, utc_now())
        await outdial.workflow(waiting).signal("reschedule", Reschedule(utc_now()))
        ended = await outdial.ended(waiting)
        assert (ended.status, ended.end_reason) == (CallStatus.FAILED, consent.MISSING)
        assert outdial.dials(ended) == []


async def test_an_account_that_was_switched_off_dials_nobody(temporal: str, some_database: Database) -> None:
    """What was accepted before ends without a dial; a test call goes on."""
    async with worker(temporal, some_database) as outdial:
        set_account(outdial, outbound_enabled=False)
        real, rehearsed = await outdial.call(), await outdial.call(test=True)
        assert (real.end_reason, outdial.dials(real)) == ("outbound_disabled", [])
        assert rehearsed.status is CallStatus.COMPLETED


async def test_a_call_waits_while_its_campaign_is_disabled(temporal: str, some_database: Database) -> None:
    """Also one that belongs to no batch; it is dialled once the campaign is enabled again."""
    async with worker(temporal, some_database, line_poll=0.1) as outdial:
        with some_database.write() as session:
            campaign = Campaign(account_id=outdial.account.id, name="Renewals", is_enabled=False)
            session.add(campaign)
        waiting = await outdial.place(campaign_id=campaign.id)
        held = await outdial.until(waiting, "held")
        assert (held.hold_reason, outdial.dials(held)) == ("The campaign is disabled.", [])
        with some_database.write() as session:
            session.get_one(Campaign, campaign.id).is_enabled = True
        assert (await outdial.ended(waiting)).status is CallStatus.COMPLETED


async def test_a_test_call_rings_no_phone_whatever_the_carrier_is(
    temporal: str, some_database: Database
) -> None:
    """With Twilio set, a test call is played by the simulated carrier, from the dial to the outcome."""
    async with worker(temporal, some_database, **TWILIO) as outdial:
        call = await outdial.call(test=True)
        assert (call.status, call.outcome) == (CallStatus.COMPLETED, "BOOKED")
        assert [attempt.carrier for attempt in outdial.attempts(call)] == ["simulated"]
        assert len(outdial.dials(call)) == 1
