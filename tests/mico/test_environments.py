"""What a test key leaves alone, and what an account that may not call out is told, on the ways calls are added."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from outdial.keys import create_key
from outdial.models import Account
from tests.api.serving import Api, client_of
from tests.mico.standing import PERSON, ahead
from tests.mico.test_api import CAMPAIGNS, a_schedule, add, calls_of

ADA = {"phone": "+12025550123", "variables": {"first_name": "Ada"}}


@pytest.fixture
def rehearsal(lite: Api) -> Iterator[httpx.Client]:
    """A client with a test key of the same account."""
    with lite.database.write() as session:
        _, secret = create_key(session, lite.account.id, "rehearsal", test=True)
    with client_of(lite.url, secret) as client:
        yield client


def set_account(api: Api, **values: object) -> None:
    """Set columns of the account's row."""
    with api.database.write() as session:
        account = session.get_one(Account, api.account.id)
        for name, value in values.items():
            setattr(account, name, value)
        session.add(account)


def remaining(api: Api) -> int | None:
    """What is left of the account's quota."""
    return api.client.get("/v1/account").json()["calls_remaining"]


def a_batch(api: Api) -> str:
    """The path of a batch that begins later."""
    body = {"agent_id": api.agent.id, "recipients": [ADA], "schedule_at": ahead(hours=1)}
    made = api.client.post("/v1/calls/batch", json=body)
    assert made.status_code == 201, made.text
    return f"/v1/calls/batch/{made.json()['id']}"


def code_of(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return response.status_code, response.json()["code"]


def changes_of(api: Api) -> list[tuple[str, str, dict[str, Any] | None]]:
    """Requests that would ring phones or stop what was to ring them."""
    schedule, batch, call = a_schedule(api), a_batch(api), api.place(schedule_at=ahead(hours=1))["id"]
    outbound = f"/api/v1/outbound_calls/{add(api, schedule)['uid']}"
    more = {"recipients": [{**ADA, "phone": "+12025550124"}]}
    return [
        ("POST", calls_of(schedule), PERSON),
        ("POST", f"{calls_of(schedule)}/bulk", {"outbound_calls": [PERSON]}),
        ("PATCH", f"/api/v1/schedules/{schedule}", {"is_enabled": True}),
        ("DELETE", f"/api/v1/schedules/{schedule}", None),
        ("POST", f"{outbound}/retry", None),
        ("POST", f"{outbound}/cancel", None),
        ("POST", f"{batch}/recipients", more),
        ("POST", f"{batch}/resume", None),
        ("POST", f"/v1/calls/{call}/reschedule", {"schedule_at": ahead(minutes=5)}),
        ("POST", f"/v1/calls/{call}/resume", None),
    ]


def test_a_test_key_leaves_alone_what_rings_phones(lite: Api, rehearsal: httpx.Client) -> None:
    """Adding to a live schedule or batch, enabling, resuming, moving, retrying: 403, and no call is counted."""
    set_account(lite, calls_remaining=9)
    asked = changes_of(lite)
    before = remaining(lite)
    for method, path, body in asked:
        assert code_of(rehearsal.request(method, path, json=body)) == (403, "made_live"), path
    assert remaining(lite) == before


def test_a_test_key_switches_no_campaign_with_live_schedules(lite: Api, rehearsal: httpx.Client) -> None:
    """One without any it may switch."""
    live, empty = (lite.client.post(CAMPAIGNS, json={"name": name}).json()["uid"] for name in "AB")
    lite.client.post(f"{CAMPAIGNS}/{live}/schedules", json={"name": "S"})
    off = {"is_enabled": False}
    assert code_of(rehearsal.patch(f"{CAMPAIGNS}/{live}", json=off)) == (403, "made_live")
    assert rehearsal.patch(f"{CAMPAIGNS}/{empty}", json=off).json()["is_enabled"] is False


def test_a_test_key_runs_schedules_of_its_own(lite: Api, rehearsal: httpx.Client) -> None:
    """It fills and enables them, and tries a number out in a live one; nothing is counted."""
    set_account(lite, calls_remaining=1, outbound_enabled=False)
    campaign = rehearsal.post(CAMPAIGNS, json={"name": "R"}).json()["uid"]
    own = rehearsal.post(f"{CAMPAIGNS}/{campaign}/schedules", json={"name": "S"}).json()["uid"]
    assert rehearsal.post(calls_of(own), json=PERSON).status_code == 201
    assert rehearsal.patch(f"/api/v1/schedules/{own}", json={"is_enabled": True}).status_code == 200
    tried = rehearsal.post(calls_of(a_schedule(lite)), json={**PERSON, "is_test_call": True})
    assert (tried.status_code, remaining(lite)) == (201, 1)


def test_an_account_that_may_not_call_out_adds_no_calls(lite: Api) -> None:
    """To a schedule or a batch that it has already: 403 with whom to ask, and no call is counted."""
    set_account(lite, calls_remaining=9)
    schedule, batch = a_schedule(lite), a_batch(lite)
    set_account(lite, outbound_enabled=False)
    for path, body in (
        (calls_of(schedule), PERSON),
        (f"{calls_of(schedule)}/bulk", {"outbound_calls": [PERSON]}),
        (f"{batch}/recipients", {"recipients": [ADA]}),
    ):
        refused = lite.client.post(path, json=body)
        assert code_of(refused) == (403, "outbound_disabled"), path
        assert lite.settings.support_contact in refused.text
    assert remaining(lite) == 8


def test_a_quota_that_is_too_small_says_what_is_left(lite: Api) -> None:
    """None of the calls is added."""
    set_account(lite, calls_remaining=1)
    schedule = a_schedule(lite)
    refused = lite.client.post(f"{calls_of(schedule)}/bulk", json={"outbound_calls": [PERSON, PERSON]})
    assert code_of(refused) == (403, "no_calls_remaining")
    assert "1 of 2" in refused.json()["reason"]
    assert (remaining(lite), lite.client.get(calls_of(schedule)).json()) == (1, [])
