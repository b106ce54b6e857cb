"""What the dialect's routes accept, refuse and list, on both databases."""

import threading
from typing import Any

import httpx
import pytest

from tests.api.serving import Api
from tests.mico.standing import PERSON, ahead

CAMPAIGNS = "/api/v1/campaigns"


def a_schedule(api: Api, **given: Any) -> str:
    """The uid of a new schedule."""
    campaign = api.client.post(CAMPAIGNS, json={"name": "Reminders"}).json()
    made = api.client.post(f"{CAMPAIGNS}/{campaign['uid']}/schedules", json={"name": "Morning", **given})
    assert made.status_code == 201, made.text
    return made.json()["uid"]


def add(api: Api, schedule: str, **given: Any) -> dict[str, Any]:
    """A call that was added to the schedule."""
    response = api.client.post(calls_of(schedule), json={**PERSON, **given})
    assert response.status_code == 201, response.text
    return response.json()


def add_many(api: Api, schedule: str, calls: list[Any], **query: Any) -> httpx.Response:
    return api.client.post(f"{calls_of(schedule)}/bulk", json={"outbound_calls": calls}, params=query)


def calls_of(schedule: str) -> str:
    return f"/api/v1/schedules/{schedule}/outbound_calls"


def listed(api: Api, schedule: str, **query: Any) -> list[str | None]:
    """The external ids of what the query lists."""
    response = api.client.get(calls_of(schedule), params=query)
    assert response.status_code == 200, response.text
    return [call["external_id"] for call in response.json()]


def people(count: int, start: int = 0) -> list[dict[str, Any]]:
    """So many calls to different numbers."""
    numbered = range(start, start + count)
    return [
        {**PERSON, "phone_number": f"+1202{2_000_000 + n:07d}", "external_id": f"CUST-{n}"} for n in numbered
    ]


def test_a_thousand_calls_are_added_at_once_and_not_one_more(api: Api) -> None:
    """1,000 are taken in their order; 0 and 1,001 are refused, and nothing of them is added."""
    schedule = a_schedule(api)
    answer = add_many(api, schedule, people(1000)).json()
    assert (answer["successful_count"], answer["failed_count"]) == (1000, 0)
    assert [one["external_id"] for one in answer["outbound_calls"][:3]] == ["CUST-0", "CUST-1", "CUST-2"]
    assert listed(api, schedule, page_size=3, page=2) == ["CUST-3", "CUST-4", "CUST-5"]
    for count in (0, 1001):
        refused = add_many(api, schedule, people(count))
        assert refused.status_code == 422
        assert "outbound_calls" in refused.json()["details"]
    page = api.client.get(calls_of(schedule), params={"page_size": 100, "page": 10})
    assert (page.headers["X-Total-Count"], page.headers["X-Total-Pages"]) == ("1000", "10")


def test_each_unfit_call_of_many_is_named_with_its_place_and_reason(lite: Api) -> None:
    """Missing fields, a wrong number and something that is no call fail by themselves."""
    nameless = {name: value for name, value in PERSON.items() if name != "first_name"}
    calls = [PERSON, nameless, {**PERSON, "phone_number": "12"}, "no call", {**PERSON, "nickname": "Jo"}]
    answer = add_many(lite, a_schedule(lite), calls).json()
    assert (answer["total_count"], answer["successful_count"], answer["failed_count"]) == (5, 1, 4)
    assert [failure["index"] for failure in answer["failures"]] == [1, 2, 3, 4]
    missing, number, *_ = answer["failures"]
    assert missing["reason"] == "Missing required fields"
    assert missing["details"] == {"first_name": "This field is required."}
    assert number["details"] == {"phone_number": "Invalid format"}


def test_two_clients_may_add_many_at_once(api: Api) -> None:
    """Both are answered, and every call is there once."""
    schedule, answers = a_schedule(api), list[int]()

    def add_some(start: int) -> None:
        answers.append(add_many(api, schedule, people(300, start)).json()["successful_count"])

    clients = [threading.Thread(target=add_some, args=(start,)) for start in (0, 300)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert answers == [300, 300]
    found = [one for page in range(1, 7) for one in listed(api, schedule, page_size=100, page=page)]
    assert sorted(found, key=str) == sorted((f"CUST-{number}" for number in range(600)), key=str)


def test_filters_find_japanese_names_however_they_were_typed(api: Api) -> None:
    """A voiced kana that was sent in two characters is found by one, and the other way round."""
    schedule = a_schedule(api)
    apart = "カ\u3099クト"  # か and its mark, as some systems type ガ
    add(api, schedule, external_id="gakuto", first_name="岳人", phonetic_first_name=apart)
    add(api, schedule, external_id="hanako", first_name="花子", phonetic_first_name="ハナコ")
    assert listed(api, schedule, phonetic_first_name="ガクト") == ["gakuto"]
    assert listed(api, schedule, phonetic_first_name=apart) == ["gakuto"]
    assert listed(api, schedule, first_name="花子") == ["hanako"]
    assert listed(api, schedule, first_name="花子", phonetic_first_name="ガクト") == []


def test_a_number_is_found_however_it_was_written(api: Api) -> None:
    """A national number is read in the account's region, and shown as it was sent."""
    schedule = a_schedule(api)
    call = add(api, schedule, phone_number="(202) 555-0123", external_id="one")
    assert call["outbound_call_info"]["phone_number"] == "(202) 555-0123"
    for written in ("2025550123", "+12025550123", "(202) 555-0123"):
        assert listed(api, schedule, phone_number=written) == ["one"]


def test_a_number_may_be_called_for_two_reasons(lite: Api) -> None:
    """Two calls of a schedule may go to the same number."""
    schedule = a_schedule(lite)
    for name in ("APT-1", "APT-2"):
        add(lite, schedule, external_id=name)
    assert listed(lite, schedule) == ["APT-1", "APT-2"]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({"page_size": 0}, 422, "page_size"),
        ({"page_size": 101}, 422, "page_size"),
        ({"page": 0}, 422, "page"),
        ({"page": 2}, 404, "page"),
        ({"attempt_status": "asleep"}, 422, "attempt_status"),
        ({"phone_number": "12"}, 422, "phone_number"),
        ({"is_test_call": "perhaps"}, 422, "is_test_call"),
        ({"is_test_cal": "true"}, 422, "is_test_cal"),
    ],
)
def test_a_listing_that_can_not_be_is_refused(
    lite: Api, query: dict[str, Any], status: int, field: str
) -> None:
    """The answer names the parameter and says what was expected."""
    schedule = a_schedule(lite)
    add(lite, schedule)
    response = lite.client.get(calls_of(schedule), params=query)
    assert response.status_code == status
    assert field in response.json()["details"]


def test_pages_are_linked(lite: Api) -> None:
    """first, prev, next and last lead on with the same filters."""
    schedule = a_schedule(lite)
    add_many(lite, schedule, people(5))
    response = lite.client.get(calls_of(schedule), params={"page_size": 2, "page": 2, "first_name": "John"})
    links = {name: link["url"] for name, link in response.links.items()}
    assert set(links) == {"first", "prev", "next", "last"}
    last = lite.client.get(links["last"])
    assert [call["external_id"] for call in last.json()] == ["CUST-4"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"ends_at": "2025-04-17T12:00:00Z"}, "ends_at"),
        ({"starts_at": ahead(hours=2), "ends_at": ahead(hours=1)}, "ends_at"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"retry_type": "sometimes"}, "retry_type"),
        ({"retry_intervals": [-1]}, "retry_intervals.0"),
        ({"timezone": "Moon/Crater"}, "timezone"),
        ({"concurrency": 0}, "concurrency"),
        ({"is_enabled": True}, "is_enabled"),
        ({"nmae": "x"}, "nmae"),
    ],
)
def test_a_schedule_that_can_not_be_is_refused(lite: Api, given: dict[str, Any], field: str) -> None:
    """The answer names the field."""
    campaign = lite.client.post(CAMPAIGNS, json={"name": "C"}).json()
    response = lite.client.post(f"{CAMPAIGNS}/{campaign['uid']}/schedules", json={"name": "S", **given})
    assert response.status_code == 422
    assert field in response.json()["details"], response.text


def test_a_schedule_is_deleted_only_disabled_and_empty(api: Api) -> None:
    """Enabled or with calls it stays."""
    schedule = a_schedule(api)
    path = f"/api/v1/schedules/{schedule}"
    api.client.patch(path, json={"is_enabled": True})
    assert api.client.delete(path).json()["code"] == "schedule_enabled"
    api.client.patch(path, json={"is_enabled": False})
    assert api.client.delete(path).status_code == 204
    assert api.client.get(path).status_code == 404
    filled = a_schedule(api)
    add(api, filled)
    assert api.client.delete(f"/api/v1/schedules/{filled}").json()["code"] == "schedule_not_empty"


def test_a_call_flow_has_its_campaign(api: Api) -> None:
    """The same campaign every time, also for an agent that was created elsewhere."""
    flows = api.client.get("/api/v1/call_flows").json()
    assert [flow["name"] for flow in flows] == ["Front desk"]
    again = api.client.get(f"/api/v1/call_flows/{flows[0]['uid']}").json()
    assert again["campaign_uid"] == flows[0]["campaign_uid"]
    assert api.client.get(f"{CAMPAIGNS}/{again['campaign_uid']}").json()["name"] == "Front desk"


def test_who_talks_in_a_campaign_can_be_changed(lite: Api) -> None:
    """By the call flow's uid, shown where it was set; a call flow that is not there is refused."""
    flow = lite.client.get("/api/v1/call_flows").json()[0]["uid"]
    campaign = lite.client.post(CAMPAIGNS, json={"name": "Spring"}).json()
    path = f"{CAMPAIGNS}/{campaign['uid']}"
    assert "call_flow_uid" not in campaign
    assert lite.client.patch(path, json={"call_flow_uid": flow}).json()["call_flow_uid"] == flow
    assert lite.client.get(path).json()["call_flow_uid"] == flow
    assert lite.client.patch(path, json={"call_flow_uid": campaign["uid"]}).status_code == 404
    assert "call_flow_uid" not in lite.client.patch(path, json={"call_flow_uid": None}).json()


def test_an_erased_person_is_not_dialled_again(lite: Api) -> None:
    """Their call stays for the counts; there is nobody to call."""
    contact = lite.client.post("/v1/contacts", json={"number": PERSON["phone_number"]}).json()["id"]
    call = f"/api/v1/outbound_calls/{add(lite, a_schedule(lite))['uid']}"
    assert lite.client.post(f"{call}/cancel").json()["status"] == "canceled"
    assert lite.client.delete(f"/v1/contacts/{contact}").status_code == 204
    assert lite.client.post(f"{call}/retry").json()["code"] == "erased"


def test_nothing_of_another_account_is_found(api: Api) -> None:
    """Schedules, campaigns and calls of others are not there."""
    schedule = a_schedule(api)
    call = add(api, schedule)
    with api.stranger() as stranger:
        for path in (
            f"/api/v1/schedules/{schedule}",
            calls_of(schedule),
            f"/api/v1/outbound_calls/{call['uid']}",
        ):
            assert stranger.get(path).status_code == 404
        assert stranger.get(CAMPAIGNS).json() == []


def test_an_account_without_an_agent_can_follow_the_guide_too(lite: Api) -> None:
    """Its first schedule comes with a plain call flow."""
    with lite.stranger() as client:
        campaign = client.post(CAMPAIGNS, json={"name": "First"}).json()
        made = client.post(f"{CAMPAIGNS}/{campaign['uid']}/schedules", json={"name": "S"})
        assert made.status_code == 201
        added = client.post(calls_of(made.json()["uid"]), json=PERSON)
    assert added.status_code == 201, added.text
