"""No account ever sees another's rows: every route is asked with another account's ids."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlmodel import Session, SQLModel

from api.dialects.mico.uids import uid_of
from outdial.models import Account, Attempt, Delivery, DoNotCall, IdempotentRequest, Turn, WebhookEndpoint
from outdial.models.base import utc_now
from outdial.secrets import SecretBox
from outdial.settings import Settings
from outdial.vocabulary import Speaker
from tests.api.serving import NUMBER, Api, client_of

OPEN = {"/healthz", "/readyz", "/oauth/token"}
# Addresses that carry their own permission instead of a key, and those of the Temporal UI.
SEALED = ("/v1/links/", "/v1/codec/")
MARK = "only the owner may read this"
LATER = utc_now() + timedelta(hours=1)
NAMES = ("first_name", "last_name", "phonetic_first_name", "phonetic_last_name")
PERSON = {"phone_number": "+12025550144", **dict.fromkeys(NAMES, MARK)}
SCHEDULES = "/api/v1/schedules/{uid}/outbound_calls"
QUERIES = {"/v1/people/export": {"number": NUMBER}}
# Requests that are in order but for the id.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v1/calls/{call_id}/reschedule"): {"schedule_at": int(LATER.timestamp())},
    ("PATCH", "/v1/calls/scheduled/{call_id}"): {"scheduled_at": LATER.isoformat()},
    ("POST", "/v1/calls/batch/{batch_id}/recipients"): {"recipients": [{"phone": "+12025550143"}]},
    ("POST", "/v1/contacts/{contact_id}/consents"): {"kind": "written", "source": "form"},
    ("POST", "/api/v1/campaigns/{uid}/schedules"): {"name": "Morning"},
    ("POST", SCHEDULES): PERSON,
    ("POST", f"{SCHEDULES}/bulk"): {"outbound_calls": [PERSON]},
}


def test_every_route_needs_a_key(refusing: Api) -> None:
    """Without a key every documented route answers 401, but those that ask for no account."""
    with client_of(refusing.url, None) as nobody:
        for method, path in _routes(refusing):
            if path not in OPEN and not path.startswith(SEALED):
                address = re.sub(r"\{.+?\}", "some_id", path)
                assert nobody.request(method, address, json={}).status_code == 401, (method, path)


def test_another_accounts_ids_lead_nowhere(lite: Api) -> None:
    """With a stranger's key every route that takes an id answers 404, and changes nothing."""
    owned = _belongings(lite)
    asked = _settled(lite)
    with lite.stranger() as stranger:
        for method, path in _routes(lite):
            if "{" in path and not path.startswith(SEALED):
                response = stranger.request(method, _address(path, owned), **_given(method, path))
                assert response.status_code == 404, (method, path, response.text)
                assert MARK not in response.text
    assert _settled(lite) == asked


def test_listings_hold_only_what_is_ones_own(lite: Api) -> None:
    """A stranger's listings are empty but for the key that asks."""
    _belongings(lite)
    with lite.stranger() as stranger:
        for method, path in _routes(lite):
            if method == "GET" and "{" not in path and path not in OPEN:
                response = stranger.get(path, params=QUERIES.get(path))
                assert response.status_code == 200, (path, response.text)
                assert MARK not in response.text
                assert lite.account.id not in response.text


def test_another_accounts_agent_takes_no_call(lite: Api) -> None:
    """An id in a body is no better than one in an address."""
    with lite.stranger() as stranger:
        response = stranger.post("/v1/call", json=lite.order())
    assert (response.status_code, response.json()["errors"][0]["field"]) == (404, "agent_id")


def test_the_owner_reaches_everything(lite: Api) -> None:
    """The ids of this test are good ones: their owner gets an answer at each of the routes that read."""
    owned = _belongings(lite)
    for method, path in _routes(lite):
        if method == "GET" and "{" in path and not path.startswith(SEALED):
            with lite.client.stream("GET", _address(path, owned)) as response:  # some never end
                missing = response.status_code == 404 and b"no_recording" in response.read()
                assert missing or response.status_code == 200, path


def _settled(api: Api) -> int:
    """How often Temporal was asked for something, once what follows the answers is done."""
    before = -1
    while before != len(api.gateway.asked):
        before = len(api.gateway.asked)
        time.sleep(0.5)
    return before


def _routes(api: Api) -> Iterator[tuple[str, str]]:
    document = api.client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method in operations:
            yield method.upper(), path


def _address(path: str, owned: dict[str, str]) -> str:
    """The address with the ids that belong there; the folder tells which, or the parameter."""
    path = path.replace("{action}", "pause")
    return re.sub(r"([\w-]+)/\{(\w+)\}", lambda it: f"{it[1]}/{owned.get(it[1]) or owned[it[2]]}", path)


def _given(method: str, path: str) -> dict[str, Any]:
    """What the route takes, so that it is the id and nothing else that is refused."""
    if path.endswith("/upload"):
        return {"files": {"file": ("people.csv", b"phone\n+12025550143\n")}}
    return {"json": BODIES.get((method, path), {})}


def _belongings(api: Api) -> dict[str, str]:
    """One row of everything, by the name of the parameter that takes its id."""
    call = api.place(metadata={"mark": MARK}, variables={"first_name": MARK})
    key = api.client.post("/v1/keys", json={"name": MARK}).json()
    with api.database.write() as session:
        attempt = _attempt(api.account, call["id"])
        entry = DoNotCall(account_id=api.account.id, number="+12025550177", source="test", note=MARK)
        endpoint = _endpoint(api.settings, api.account)
        for row in (attempt, entry, endpoint):
            _add(session, row)
        delivery = _delivery(api.account, endpoint, call["id"])
        _add(session, delivery)
        _add(session, _turn(attempt))
        _add(session, IdempotentRequest(account_id=api.account.id, key=MARK, request_hash="x", body=MARK))
    return {
        "call_id": call["id"],
        "agent_id": api.agent.id,
        "key_id": key["id"],
        "entry_id": entry.id,
        "webhook_id": endpoint.id,
        "delivery_id": delivery.id,
        **_of_dialects(api),
    }


def _of_dialects(api: Api) -> dict[str, str]:
    recipients = [{"phone": "+12025550145", "variables": {"first_name": MARK}}]
    batch = {"agent_id": api.agent.id, "name": MARK, "recipients": recipients}
    job = {"agentId": api.agent.id, "to": ["+12025550147"], "name": MARK, "metadata": {"first_name": MARK}}
    campaign = _made(api, "/api/v1/campaigns", {"name": MARK, "call_flow_uid": uid_of(api.agent.id)})["uid"]
    schedule = _made(api, f"/api/v1/campaigns/{campaign}/schedules", {"name": MARK})["uid"]
    contact = _made(api, "/v1/contacts", {"number": "+12025550146", "first_name": MARK})["id"]
    scheduled = {"contact_id": contact, "scheduled_at": LATER.isoformat(), "initial_message": MARK}
    return {
        "contact_id": contact,
        "client_id": _made(api, "/v1/oauth-clients", {"name": MARK})["client_id"],
        "batch_id": _made(api, "/v1/calls/batch", batch)["batch_id"],
        "scheduled": _made(api, "/v1/calls/scheduled", scheduled)["data"]["call_id"],
        "outbound-jobs": _made(api, "/v1/outbound-jobs", job)["external_id"],
        "makecall": _made(
            api, "/v1/makecall", {"agentId": api.agent.id, "to": NUMBER, "metadata": {"first_name": MARK}}
        )["external_id"],
        "call_flows": uid_of(api.agent.id),
        "campaigns": campaign,
        "schedules": schedule,
        "outbound_calls": _made(api, SCHEDULES.format(uid=schedule), PERSON)["uid"],
    }


def _made(api: Api, path: str, body: dict[str, Any]) -> Any:
    response = api.client.post(path, json=body)
    assert response.is_success, (path, response.text)
    return response.json()


def _attempt(account: Account, call_id: str) -> Attempt:
    return Attempt(
        account_id=account.id,
        call_id=call_id,
        number=1,
        dial_key=f"{call_id}:1",
        carrier="simulated",
        intended_at=utc_now(),
        answered_at=utc_now(),
        ended_at=utc_now(),
    )


def _turn(attempt: Attempt) -> Turn:
    return Turn(
        account_id=attempt.account_id,
        attempt_id=attempt.id,
        position=0,
        speaker=Speaker.CALLEE,
        text=MARK,
        at=utc_now(),
    )


def _endpoint(settings: Settings, account: Account) -> WebhookEndpoint:
    secret = SecretBox.from_settings(settings).encrypt("whsec_c2VjcmV0")
    return WebhookEndpoint(
        account_id=account.id, url="https://example.com/hook", description=MARK, secret=secret
    )


def _delivery(account: Account, endpoint: WebhookEndpoint, call_id: str) -> Delivery:
    return Delivery(
        account_id=account.id,
        endpoint_id=endpoint.id,
        url=endpoint.url,
        call_id=call_id,
        event_type="call.scheduled",
        payload={"mark": MARK, "number": NUMBER},
    )


def _add(session: Session, row: SQLModel) -> None:
    session.add(row)
    session.flush()
