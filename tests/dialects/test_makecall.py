"""Single calls in the words of the Revmo document."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from outdial.keys import create_key
from outdial.models import Account, Call
from outdial.store.scope import rows_of
from tests.api.serving import Api, client_of, eventually
from tests.build import an_agent

FOLLOW_UP = {"trigger": "sales_followup", "prompt": "Ask {{customer_name}} about the offer."}
RENEWAL = {"trigger": "renewal", "prompt": "Renew it.", "opening_line": "Hello, your plan ends soon."}
METADATA = {"customer_name": "John Doe", "account_type": "premium"}


def an_agent_with_tasks(api: Api) -> str:
    """The id of an agent that knows two triggers."""
    with api.database.write() as session:
        opening = "Hello {{customer_name}}, this is Acme."
        return an_agent(session, api.account, opening_line=opening, tasks=[FOLLOW_UP, RENEWAL]).id


def body(api: Api, **given: Any) -> dict[str, Any]:
    """The printed request, with an agent of ours."""
    agent = given.pop("agentId", None) or an_agent_with_tasks(api)
    printed = {"agentId": agent, "to": "+1234567890", "trigger": "sales_followup", "metadata": METADATA}
    return {**printed, **given}


def make(api: Api, **given: Any) -> dict[str, Any]:
    """The answer to a call that is taken."""
    response = api.client.post("/v1/makecall/", json=body(api, **given))
    assert response.status_code == 201, response.text
    return response.json()


def refused(api: Api, **given: Any) -> tuple[int, str, str]:
    """Status, code and message of a call that is not taken."""
    return refusal(api.client.post("/v1/makecall/", json=body(api, **given)))


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    """The same of any answer; its shape is checked."""
    error = response.json()
    assert list(error) == ["result", "message", "code", "errors"], error
    assert error["result"] == "Error"
    return response.status_code, error["code"], error["message"]


def give_quota(api: Api, calls: int | None, **given: Any) -> None:
    """Let the account place so many more calls."""
    with api.database.write() as session:
        account = session.get_one(Account, api.account.id)
        account.calls_remaining = calls
        for name, value in given.items():
            setattr(account, name, value)
        session.add(account)


def remaining(api: Api) -> int | None:
    """What the account's row says."""
    with api.database.read() as session:
        return session.get_one(Account, api.account.id).calls_remaining


def calls(api: Api) -> list[Call]:
    """All calls of the account."""
    with api.database.read() as session:
        return list(session.exec(rows_of(api.account.id, Call)).all())


@pytest.mark.parametrize("path", ["/v1/makecall/", "/v1/makecall"])
def test_the_printed_request_is_answered_as_printed(api: Api, path: str) -> None:
    """Result, external id and calls remaining; with or without the slash at the end."""
    give_quota(api, 42)
    answer = api.client.post(path, json=body(api)).json()
    assert answer == {"result": "Ok", "external_id": answer["external_id"], "calls_remaining": 41}
    [call] = calls(api)
    assert (call.id, call.number, call.trigger) == (answer["external_id"], "+1234567890", "sales_followup")
    eventually(lambda: api.gateway.named("start_call") == [call.id])


def test_metadata_is_known_to_the_agent_and_kept_for_webhooks(lite: Api) -> None:
    """It is the call's metadata, its variables, and told to the agent."""
    make(lite)
    [call] = calls(lite)
    assert (call.client_metadata, call.variables, call.metadata_for_agent) == (METADATA, METADATA, True)


def test_only_agent_and_number_are_required(lite: Api) -> None:
    """A call without trigger, metadata and timeout is one of the agent's own."""
    answer = lite.client.post("/v1/makecall/", json={"agentId": _plain_agent(lite), "to": "+12025550123"})
    assert answer.status_code == 201
    for name in ("agentId", "to"):
        fields = {"agentId": "agent_x", "to": "+12025550123"}
        del fields[name]
        assert refusal(lite.client.post("/v1/makecall/", json=fields))[0] == 422


def test_an_unknown_trigger_is_refused_with_the_known_ones(refusing: Api) -> None:
    """The error names all of the agent's triggers; an agent without tasks says so."""
    status, code, message = refused(refusing, trigger="sales")
    assert (status, code) == (422, "unknown_trigger")
    assert "sales_followup, renewal" in message
    assert "no tasks" in refused(refusing, agentId=_plain_agent(refusing), trigger="sales")[2]


def test_what_the_task_needs_must_be_in_the_metadata(refusing: Api) -> None:
    """A variable of the task's prompt that is missing is named, as metadata."""
    response = refusing.client.post("/v1/makecall/", json=body(refusing, metadata={"account_type": "basic"}))
    assert refusal(response)[:2] == (422, "missing_variables")
    [error] = response.json()["errors"]
    assert (error["field"], "customer_name" in error["message"]) == ("metadata", True)


def test_a_tasks_own_opening_line_needs_no_other_variables(lite: Api) -> None:
    """The agent's opening line, which is not said, asks for nothing."""
    assert make(lite, trigger="renewal", metadata={})["result"] == "Ok"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"to": "1234567890"}, "to"),
        ({"to": "+1 (234) 567-890"}, "to"),
        ({"to": "+999234567890"}, "to"),
        ({"initial_silence_timeout": 99}, "initial_silence_timeout"),
        ({"initial_silence_timeout": 120_001}, "initial_silence_timeout"),
        ({"initial_silence_timeout": "soon"}, "initial_silence_timeout"),
        ({"metadata": {"k": "v" * 17_000}}, "metadata"),
        ({"metadata": ["a"]}, "metadata"),
        ({"agent_id": "agent_x"}, "agent_id"),
    ],
)
def test_a_wrong_field_is_named(refusing: Api, given: dict[str, Any], field: str) -> None:
    """In this dialect's shape, with the dialect's names."""
    response = refusing.client.post("/v1/makecall/", json=body(refusing, **given))
    assert refusal(response)[0] == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_an_unknown_agent_is_404(refusing: Api) -> None:
    """Another account's agent looks the same."""
    assert refused(refusing, agentId="agent_unknown")[:2] == (404, "not_found")


def test_every_failure_has_this_dialects_shape(refusing: Api) -> None:
    """No key, no JSON, no such method, no such call."""
    with client_of(refusing.url, None) as nobody:
        assert refusal(nobody.post("/v1/makecall/", json={}))[:2] == (401, "unauthorized")
    headers = {"content-type": "application/json"}
    assert refusal(refusing.client.post("/v1/makecall", content="{", headers=headers))[0] == 400
    assert refusal(refusing.client.delete("/v1/makecall/"))[0] == 405
    assert refusal(refusing.client.get("/v1/makecall/call_unknown"))[:2] == (404, "not_found")


def test_the_call_is_read_by_its_external_id(lite: Api) -> None:
    """With or without the slash."""
    made = make(lite, initial_silence_timeout=4000)["external_id"]
    shown = lite.client.get(f"/v1/makecall/{made}").json()
    assert shown == lite.client.get(f"/v1/makecall/{made}/").json()
    expected = {"result": "Ok", "external_id": made, "status": "scheduled", "to": "+1234567890"}
    expected |= {"metadata": METADATA, "trigger": "sales_followup", "initial_silence_timeout": 4000}
    assert {name: shown[name] for name in expected} == expected


def test_an_account_without_a_quota_has_null_remaining(lite: Api) -> None:
    """There is nothing to count down."""
    assert make(lite)["calls_remaining"] is None


def test_the_quota_counts_down_to_zero_and_then_refuses(api: Api) -> None:
    """Each call takes one; at zero the next is refused and nothing is recorded."""
    give_quota(api, 2)
    assert [make(api)["calls_remaining"] for _ in range(2)] == [1, 0]
    assert refused(api)[:2] == (403, "no_calls_remaining")
    assert (len(calls(api)), remaining(api)) == (2, 0)


def test_a_refused_call_costs_nothing(lite: Api) -> None:
    """What is wrong with a request does not count."""
    give_quota(lite, 5)
    refused(lite, trigger="unknown")
    refused(lite, initial_silence_timeout=1)
    assert remaining(lite) == 5


def test_the_quota_holds_for_every_way_of_placing_a_call(lite: Api) -> None:
    """Native calls count too."""
    give_quota(lite, 1)
    lite.place()
    assert lite.refused()["code"] == "no_calls_remaining"


def test_a_repeated_idempotency_key_counts_once(lite: Api) -> None:
    """The second answer is the first, remaining calls included."""
    give_quota(lite, 5)
    sent = body(lite)
    answers = [
        lite.client.post("/v1/makecall/", json=sent, headers={"Idempotency-Key": "k"}) for _ in range(3)
    ]
    assert [answer.json()["calls_remaining"] for answer in answers] == [4, 4, 4]
    assert remaining(lite) == 4


def test_requests_at_once_count_exactly(api: Api) -> None:
    """Thirty requests by ten clients for twenty calls: twenty are taken, each with another number left."""
    give_quota(api, 20)
    sent = body(api)

    def ask(number: int) -> httpx.Response:
        headers = {"Idempotency-Key": f"key {number}"} if number % 2 else {}
        with client_of(api.url, _key(api)) as client:
            return client.post("/v1/makecall/", json=sent, headers=headers)

    with ThreadPoolExecutor(10) as clients:
        answers = list(clients.map(ask, range(30)))
    taken = [answer.json()["calls_remaining"] for answer in answers if answer.status_code == 201]
    assert sorted(taken) == list(range(20))
    assert [refusal(answer)[:2] for answer in answers if answer.status_code != 201] == [
        (403, "no_calls_remaining")
    ] * 10
    assert (len(calls(api)), remaining(api)) == (20, 0)


def test_an_account_that_may_not_call_out_is_told_whom_to_ask(lite: Api) -> None:
    """The error names the contact from the settings."""
    give_quota(lite, None, outbound_enabled=False)
    status, code, message = refused(lite)
    assert (status, code) == (403, "outbound_disabled")
    assert lite.settings.support_contact in message
    assert lite.refused()["code"] == "outbound_disabled"


def test_a_test_key_costs_nothing_and_may_always_call(lite: Api) -> None:
    """Its calls are marked, whatever quota and switch say."""
    give_quota(lite, 0, outbound_enabled=False)
    with lite.database.write() as session:
        _, secret = create_key(session, lite.account.id, "rehearsal", test=True)
    with client_of(lite.url, secret) as client:
        answer = client.post("/v1/makecall/", json=body(lite))
    assert (answer.status_code, answer.json()["calls_remaining"], remaining(lite)) == (201, 0, 0)
    assert [call.test for call in calls(lite)] == [True]


def _key(api: Api) -> str:
    return str(api.client.headers["Authorization"]).removeprefix("Bearer ")


def _plain_agent(api: Api) -> str:
    with api.database.write() as session:
        return an_agent(session, api.account, opening_line="Hello.").id
