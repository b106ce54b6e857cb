"""What an account may change of itself, and what only its operator may; keys for tests."""

from typing import Any

import pytest

from outdial.keys import create_key
from tests.api.serving import Api, client_of
from tests.build import an_agent


def test_settings_are_changed(lite: Api) -> None:
    """Given fields only; null takes a default away."""
    given: dict[str, Any] = {
        "timezone": "Europe/Berlin",
        "default_region": "DE",
        "default_caller_id": "+493012345678",
    }
    given |= {"calling_hours": {"start": "09:00:00", "end": "18:00:00", "days": ["mon", "tue"]}}
    given |= {"default_agent_id": lite.agent.id, "consent_required": True, "name": "Praxis"}
    changed = lite.client.patch("/v1/account", json=given).json()
    assert {name: changed[name] for name in given} == given
    emptied = lite.client.patch("/v1/account", json={"default_agent_id": None}).json()
    assert (emptied["default_agent_id"], emptied["name"]) == (None, "Praxis")
    assert lite.client.get("/v1/account").json() == emptied


@pytest.mark.parametrize(
    ("given", "status", "field"),
    [
        ({"timezone": "Mars/Olympus"}, 422, "timezone"),
        ({"timezone": None}, 422, "timezone"),
        ({"default_region": "ZZ"}, 422, "default_region"),
        ({"default_region": "Germany"}, 422, "default_region"),
        ({"default_caller_id": "030 123"}, 422, "default_caller_id"),
        ({"calling_hours": {"start": "09:00", "end": "09:00"}}, 422, "calling_hours"),
        ({"default_agent_id": "agent_unknown"}, 404, "default_agent_id"),
        ({"consent_required": None}, 422, "consent_required"),
        ({"calls_remaining": 1000}, 422, "calls_remaining"),
        ({"outbound_enabled": True}, 422, "outbound_enabled"),
        ({"plan": "enterprise"}, 422, "plan"),
    ],
)
def test_what_is_wrong_or_not_theirs_is_refused(
    refusing: Api, given: dict[str, Any], status: int, field: str
) -> None:
    """Quota, plan and outbound calling are the operator's."""
    response = refusing.client.patch("/v1/account", json=given)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (status, field)


def test_another_accounts_agent_is_no_default(lite: Api) -> None:
    """It looks like one that does not exist."""
    with lite.database.write() as session:
        theirs = an_agent(session).id
    assert lite.client.patch("/v1/account", json={"default_agent_id": theirs}).status_code == 404


def test_the_accounts_caller_id_is_used_where_a_call_has_none(lite: Api) -> None:
    """A call's own comes first."""
    lite.client.patch("/v1/account", json={"default_caller_id": "+12025550100"})
    assert lite.place()["caller_id"] == "+12025550100"
    assert lite.place(caller_id="+12025550101")["caller_id"] == "+12025550101"


def test_a_test_key_says_so(lite: Api) -> None:
    """By its prefix, in the list, and in the calls that it places."""
    made = lite.client.post("/v1/keys", json={"name": "rehearsal", "test": True}).json()
    assert made["secret"].startswith("od_test_")
    assert [key["test"] for key in lite.client.get("/v1/keys").json()["data"]] == [True, False]
    with client_of(lite.url, made["secret"]) as client:
        assert client.post("/v1/call", json=lite.order()).json()["test"]
    assert not lite.place()["test"]


def test_a_test_key_makes_no_live_key(lite: Api) -> None:
    """Whoever may only rehearse can't give themselves more."""
    with lite.database.write() as session:
        _, secret = create_key(session, lite.account.id, "rehearsal", test=True)
    with client_of(lite.url, secret) as client:
        assert client.post("/v1/keys", json={"name": "live"}).status_code == 403
        assert client.post("/v1/keys", json={"name": "more", "test": True}).status_code == 201
