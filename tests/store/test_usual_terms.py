"""What holds for calls that say nothing themselves: their batch's terms, their campaign's, their account's."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from outdial.admission import Admit, Hold, decide
from outdial.intake import CallRequest, Intake
from outdial.links import Links
from outdial.models import Campaign
from outdial.settings import Settings
from outdial.store.database import Database
from tests.build import a_call, an_account, an_agent

HOURS = {"start": "09:00:00", "end": "18:00:00", "days": ["mon", "tue", "wed", "thu", "fri"]}
ALWAYS = {"start": "00:00:00", "end": "23:59:00", "days": HOURS["days"]}
# Four in the morning of a Monday in New York.
EARLY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_a_call_without_hours_keeps_its_accounts(database: Database) -> None:
    """It waits until they begin where the person is."""
    with database.write() as session:
        agent = an_agent(session, an_account(session, calling_hours=HOURS))
        decision = decide(session, a_call(session, agent), EARLY)
    assert isinstance(decision, Hold)
    assert decision.until == datetime(2026, 3, 2, 14, tzinfo=UTC)


def test_a_calls_own_hours_come_first(database: Database) -> None:
    """The account's are for calls that have none."""
    with database.write() as session:
        agent = an_agent(session, an_account(session, calling_hours=HOURS))
        assert isinstance(decide(session, a_call(session, agent, calling_hours=ALWAYS), EARLY), Admit)


@pytest.mark.parametrize(
    ("own", "campaigns", "shown"),
    [
        ("+12025550101", "+12025550102", "+12025550101"),
        (None, "+12025550102", "+12025550102"),
        (None, None, "+12025550103"),
    ],
)
def test_the_number_shown_is_the_calls_the_campaigns_or_the_accounts(
    database: Database, tmp_path: Path, own: str | None, campaigns: str | None, shown: str
) -> None:
    """The first of them that is set."""
    with database.write() as session:
        account = an_account(session, default_caller_id="+12025550103")
        agent = an_agent(session, account)
        campaign = Campaign(account_id=account.id, name="Spring", caller_id=campaigns)
        session.add(campaign)
        session.flush()
        asked: dict[str, Any] = {"agent_id": agent.id, "number": "+12025550123", "campaign_id": campaign.id}
        request = CallRequest(**asked, caller_id=own, variables={"first_name": "Ada"})
        accepted = _intake(tmp_path).accept_call(session, account, request, now=EARLY)
    assert accepted.call.caller_id == shown


def _intake(data: Path) -> Intake:
    settings = Settings(data=data)
    return Intake(settings, Links(settings))
