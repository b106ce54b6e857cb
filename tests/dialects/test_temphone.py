"""Scheduled calls to contacts, in the words of the TemPhone document."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from outdial.ids import from_uuid
from outdial.keys import create_key
from outdial.models import Call, Campaign, DoNotCall
from outdial.models.base import utc_now
from tests.api.serving import Api, client_of, eventually
from tests.build import an_account, an_agent

HELLO = "Hi {{first_name}}, this is the TemPhone AI assistant following up on your renewal."
TIME = "Field 'scheduled_at' must be a valid ISO-8601 timestamp in the future."
URL = "/v1/calls/scheduled"


def in_an_hour() -> str:
    """As the document writes times."""
    return f"{utc_now() + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"


def a_contact(api: Api, **given: Any) -> dict[str, Any]:
    """A contact in California."""
    body = {"number": "+1 415 555 0142", "first_name": "Ada", **given}
    response = api.client.post("/v1/contacts", json=body)
    assert response.is_success, response.text
    return response.json()


def a_campaign(api: Api, **given: Any) -> Campaign:
    """A campaign that is enabled."""
    with api.database.write() as session:
        campaign = Campaign(account_id=api.account.id, name="Renewals", **given)
        session.add(campaign)
    return campaign


def order(api: Api, **given: Any) -> dict[str, Any]:
    """A body that is accepted."""
    if "contact_id" not in given:
        given["contact_id"] = a_contact(api)["id"]
    return {"scheduled_at": in_an_hour(), "initial_message": HELLO, **given}


def schedule(api: Api, **given: Any) -> dict[str, Any]:
    """The data of a call that was scheduled."""
    response = api.client.post(URL, json=order(api, **given))
    assert response.status_code == 201, response.text
    return response.json()["data"]


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Status and message of an error; the rest of the envelope is checked."""
    body = response.json()
    assert list(body) == ["status", "message", "data"], body
    assert (body["status"], body["data"]) == ("error", None)
    return response.status_code, body["message"]


def refused(api: Api, **given: Any) -> tuple[int, str]:
    """How a request is refused."""
    return refusal(api.client.post(URL, json=order(api, **given)))


def test_the_printed_example_is_answered_as_printed(api: Api) -> None:
    """Every field comes back in the printed order; the caller id as E.164, the timezone the contact's."""
    contact, campaign, at = a_contact(api), a_campaign(api), in_an_hour()
    body = {
        "contact_id": contact["id"],
        "campaign_id": campaign.id,
        "scheduled_at": at,
        "initial_message": HELLO,
        "max_duration_seconds": 900,
        "caller_id": "+1-415-555-0199",
        "recording_enabled": True,
        "webhook_url": "https://webhooks.yourapp.com/ai-calls",
        "metadata": {"playbook": "renewal_followup_v2", "priority": "high"},
    }
    answer = api.client.post(URL, json=body).json()
    data = answer["data"]
    assert {**answer, "data": None} == {
        "status": "success",
        "message": "AI outbound call scheduled successfully.",
        "data": None,
    }
    printed = ["call_id", "contact_id", "campaign_id", "scheduled_at", "timezone", "initial_message"]
    printed += ["max_duration_seconds", "caller_id", "recording_enabled", "webhook_url", "metadata", "status"]
    assert list(data) == [*printed, "created_at", "updated_at"]
    expected = {**body, "caller_id": "+14155550199", "timezone": "America/Los_Angeles", "status": "scheduled"}
    assert {name: data[name] for name in expected} == expected
    assert data["call_id"].startswith("call_")
    assert data["created_at"] == data["updated_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", data["created_at"])


def test_what_is_left_out_gets_its_default(lite: Api) -> None:
    """900 seconds, recorded, the contact's timezone, the account's caller id, nothing else."""
    lite.client.patch("/v1/account", json={"default_caller_id": "+12025550100"})
    data = schedule(lite)
    defaults: dict[str, Any] = {
        "campaign_id": None,
        "timezone": "America/Los_Angeles",
        "max_duration_seconds": 900,
        "caller_id": "+12025550100",
        "recording_enabled": True,
        "webhook_url": None,
        "metadata": {},
    }
    assert {name: data[name] for name in defaults} == defaults


def test_the_call_is_recorded_and_started(lite: Api) -> None:
    """It is a call like any other, due at that time, and its workflow is started."""
    data = schedule(lite)
    with lite.database.read() as session:
        call = session.get_one(Call, data["call_id"])
    assert (call.number, call.variables["first_name"], call.agent_id) == (
        "+14155550142",
        "Ada",
        lite.agent.id,
    )
    assert call.due_at == datetime.fromisoformat(data["scheduled_at"])
    eventually(lambda: lite.gateway.named("start_call") == [call.id])


@pytest.mark.parametrize(
    "given",
    [
        "2020-03-15T15:00:00Z",
        "tomorrow",
        "",
        "2030-13-01T00:00:00Z",
        "2030-03-15",
        "1893456000",
        "2030-02-30T10:00Z",
    ],
)
def test_a_time_that_is_none_or_past_is_refused_as_printed(refusing: Api, given: str) -> None:
    """400 with the printed sentence."""
    assert refused(refusing, scheduled_at=given) == (400, TIME)


@pytest.mark.parametrize("given", [None, 1893456000, True, {"at": "now"}])
def test_a_time_that_is_no_text_is_refused_as_printed(refusing: Api, given: Any) -> None:
    """The same for a value of another type."""
    assert refused(refusing, scheduled_at=given) == (400, TIME)


def test_no_time_at_all_is_refused(lite: Api) -> None:
    """The same sentence says what to send."""
    body = order(lite)
    del body["scheduled_at"]
    assert refusal(lite.client.post(URL, json=body)) == (400, TIME)


@pytest.mark.parametrize("key", [None, "od_live_unknown"])
def test_without_a_valid_key_it_is_401_as_printed(lite: Api, key: str | None) -> None:
    """Whether there is no key or an unknown one."""
    with client_of(lite.url, key) as client:
        for response in (
            client.post(URL, json={}),
            client.get(f"{URL}/call_x"),
            client.delete(f"{URL}/call_x"),
        ):
            assert refusal(response) == (401, "Unauthorized.")


def test_an_unknown_contact_is_404_as_printed(lite: Api) -> None:
    """With the id that was sent."""
    assert refused(lite, contact_id="ctc_12kd88") == (404, "Contact not found: ctc_12kd88.")


def test_a_contact_of_another_account_is_not_found(lite: Api) -> None:
    """In the same words."""
    theirs = lite.stranger().post("/v1/contacts", json={"number": "+14155550143"}).json()["id"]
    assert refused(lite, contact_id=theirs) == (404, f"Contact not found: {theirs}.")


def test_an_unknown_campaign_is_404(lite: Api) -> None:
    """In the same form."""
    assert refused(lite, campaign_id="camp_91ks11") == (404, "Campaign not found: camp_91ks11.")


def test_a_fault_of_ours_is_500_as_printed(lite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong here, the client reads the printed sentence."""

    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("outdial.intake.Intake.accept_call", crash)
    assert refused(lite) == (500, "Unable to schedule call at this time. Please retry.")


def test_a_database_that_does_not_answer_says_so_in_the_envelope(
    lite: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, with the sentence of the 500 and when to try again."""
    from sqlalchemy.exc import OperationalError

    def away(*_: object, **__: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("away"))

    body = order(lite)
    monkeypatch.setattr("outdial.intake.Intake.accept_call", away)
    response = lite.client.post(URL, json=body)
    assert refusal(response) == (503, "Unable to schedule call at this time. Please retry.")
    assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"initial_message": None},
            "Field 'initial_message' is not accepted: Input should be a valid string",
        ),
        ({"initial_message": " "}, "Field 'initial_message' is not accepted: Expected 1 to 2000 characters."),
        (
            {"initial_message": "Hi {{nickname}}"},
            "Field 'initial_message' is not accepted: The agent needs these variables too: nickname.",
        ),
        ({"timezone": "Mars/Olympus"}, "Field 'timezone' is not accepted: Expected an IANA timezone"),
        ({"max_duration_seconds": 5}, "Field 'max_duration_seconds' is not accepted: Expected 30 to"),
        ({"caller_id": "Acme"}, "Field 'caller_id' is not accepted: Expected a phone number"),
        ({"webhook_url": "ftp://example.com"}, "Field 'webhook_url' is not accepted: A webhook's address"),
        ({"scheduled": "now"}, "Field 'scheduled' is not known."),
        (
            {"scheduled_at": "2199-01-01T00:00:00Z"},
            "Field 'scheduled_at' is not accepted: A call can be scheduled",
        ),
    ],
)
def test_every_other_wrong_field_is_named_in_the_envelope(
    refusing: Api, given: dict[str, Any], message: str
) -> None:
    """400, the field, and what was expected."""
    status, said = refused(refusing, **given)
    assert (status, said[: len(message)]) == (400, message)


def test_whatever_can_be_refused_is_refused_in_the_envelope(lite: Api) -> None:
    """A body that is no JSON, of another kind, too large; a method that there is not."""
    headers = {"content-type": "application/json"}
    answers = [
        lite.client.post(URL, content="{,}", headers=headers),
        lite.client.post(URL, content="a=b", headers={"content-type": "text/plain"}),
        lite.client.post(URL, content=b" " * 300_000, headers=headers),
        lite.client.put(URL, json={}),
        lite.client.get(f"{URL}/call_unknown"),
    ]
    assert [refusal(answer)[0] for answer in answers] == [400, 415, 413, 405, 404]


def test_a_number_on_the_do_not_call_list_is_not_scheduled(lite: Api) -> None:
    """The contact's number is checked like any other."""
    with lite.database.write() as session:
        session.add(DoNotCall(account_id=lite.account.id, number="+14155550142", source="test"))
    assert refused(lite) == (
        400,
        "Field 'contact_id' is not accepted: This number is on your do-not-call list.",
    )


def test_a_local_time_is_read_in_the_contacts_timezone(lite: Api) -> None:
    """Without an offset and a timezone it is the contact's local time; the answer is in UTC."""
    contact = a_contact(lite, timezone="Asia/Kolkata")
    tomorrow = (utc_now() + timedelta(days=1)).date()
    data = schedule(lite, contact_id=contact["id"], scheduled_at=f"{tomorrow}T15:00:00")
    assert (data["scheduled_at"], data["timezone"]) == (f"{tomorrow}T09:30:00Z", "Asia/Kolkata")


def test_a_local_time_is_read_in_the_given_timezone(lite: Api) -> None:
    """The request's timezone comes before the contact's, and is kept."""
    tomorrow = (utc_now() + timedelta(days=1)).date()
    data = schedule(lite, scheduled_at=f"{tomorrow} 15:00", timezone="Asia/Tokyo")
    assert (data["scheduled_at"], data["timezone"]) == (f"{tomorrow}T06:00:00Z", "Asia/Tokyo")


def test_an_offset_decides_over_the_timezone(lite: Api) -> None:
    """A time with an offset is an instant."""
    tomorrow = (utc_now() + timedelta(days=1)).date()
    data = schedule(lite, scheduled_at=f"{tomorrow}T15:00:00+02:00", timezone="Asia/Tokyo")
    assert data["scheduled_at"] == f"{tomorrow}T13:00:00Z"


def test_a_caller_id_may_be_national(lite: Api) -> None:
    """It is read in the account's region."""
    assert schedule(lite, caller_id="(415) 555-0199")["caller_id"] == "+14155550199"


def test_nulls_mean_the_same_as_fields_left_out(lite: Api) -> None:
    """As a client in TypeScript may send them."""
    names = ["campaign_id", "timezone", "max_duration_seconds", "caller_id", "metadata", "recording_enabled"]
    data = schedule(lite, **dict.fromkeys([*names, "webhook_url"]))
    assert (data["max_duration_seconds"], data["recording_enabled"], data["metadata"]) == (900, True, {})


def test_the_campaigns_agent_talks(lite: Api) -> None:
    """A campaign with an agent gives it to its calls; without one, the account's default agent talks."""
    with lite.database.write() as session:
        renewals, front = (an_agent(session, lite.account, name=name).id for name in ("Renewals", "Front"))
    lite.client.patch("/v1/account", json={"default_agent_id": front})
    calls = [
        schedule(lite, campaign_id=a_campaign(lite, agent_id=renewals).id),
        schedule(lite, campaign_id=a_campaign(lite).id),
    ]
    with lite.database.read() as session:
        assert [session.get_one(Call, call["call_id"]).agent_id for call in calls] == [renewals, front]


def test_a_campaign_is_also_known_by_its_uid(lite: Api) -> None:
    """As the Mico dialect shows it; the answer has it in our form, and other routes take it too."""
    uid = lite.client.post("/api/v1/campaigns", json={"name": "Renewals"}).json()["uid"]
    campaign = from_uuid("camp", UUID(uid))
    assert schedule(lite, campaign_id=uid)["campaign_id"] == campaign
    assert lite.place(campaign_id=uid)["campaign_id"] == campaign


def test_a_disabled_campaign_takes_no_calls(lite: Api) -> None:
    """409 in the envelope."""
    campaign = a_campaign(lite, is_enabled=False)
    assert refused(lite, campaign_id=campaign.id) == (409, "The campaign is disabled.")


def test_an_account_without_agents_is_told_how_to_get_one(lite: Api) -> None:
    """The error names both ways."""
    with lite.database.write() as session:
        _, key = create_key(session, an_account(session, name="New").id, "new")
    with client_of(lite.url, key) as client:
        contact = client.post("/v1/contacts", json={"number": "+14155550142", "first_name": "Ada"}).json()
        status, message = refusal(client.post(URL, json=order(lite, contact_id=contact["id"])))
    assert status == 400
    assert "POST /v1/agents" in message
    assert "default_agent_id" in message


def test_the_same_idempotency_key_schedules_once(api: Api) -> None:
    """The second answer is the first one."""
    body = order(api)
    answers = [api.client.post(URL, json=body, headers={"Idempotency-Key": "k1"}).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(api.client.get(URL).json()["data"]) == 1
