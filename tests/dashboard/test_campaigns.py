"""Campaigns and schedules in the dashboard, without a browser."""

import pytest

from outdial.campaigns import campaigns, schedules
from outdial.campaigns.terms import ScheduleTerms
from outdial.models.base import utc_now
from outdial.models.member import Role
from tests.api.serving import eventually
from tests.dashboard.pages import Pages, post


@pytest.mark.parametrize("state", ["off", "on"])
def test_a_switched_campaign_tells_its_schedules(pages: Pages, state: str) -> None:
    """Their workflows hear of it at once, as they do when a program switches it."""
    with pages.database.write() as session:
        campaign = campaigns.create(
            session,
            pages.account,
            "Recalls",
            is_enabled=state == "off",
            agent_id=pages.agent.id,
            now=utc_now(),
        )
        terms = ScheduleTerms.model_validate({"name": "Morning"})
        schedule = schedules.create(
            session, pages.settings, pages.account, campaign, terms, test=False, now=utc_now()
        )
    answer = post(pages.signed_in(Role.OPERATOR), f"/dashboard/campaigns/{campaign.id}/{state}")
    assert answer.status_code == 303
    eventually(lambda: schedule.id in pages.gateway.named("tell_changed"))
