"""Webhook endpoints over HTTP."""

from typing import Any

import httpx
import pytest

from outdial.models import DeliveryState
from outdial.models.base import utc_now
from outdial.secrets import SecretBox
from outdial.store import webhooks
from outdial.store.lines import lock_account
from outdial.webhooks.endpoints import account_signing_secrets, signing_secrets
from tests.api.serving import Api

URL = "https://example.com/hooks"


def create(api: Api, **given: Any) -> dict[str, Any]:
    """A new endpoint, as it was answered."""
    response = api.client.post("/v1/webhooks", json={"url": URL, **given})
    assert response.status_code == 201, response.text
    return response.json()


def path(webhook: dict[str, Any], *rest: str) -> str:
    return "/".join(("/v1/webhooks", webhook["id"], *rest))


def valid_secrets(api: Api, webhook: dict[str, Any]) -> list[str]:
    """What signs for the endpoint now."""
    with api.database.read() as session:
        endpoint = webhooks.by_id(session, webhook["id"])
    return signing_secrets(endpoint, SecretBox.from_settings(api.settings), utc_now())


def test_an_endpoint_is_created_with_a_secret_that_is_shown_once(api: Api) -> None:
    """The secret is in the answer to the creation and in no later one."""
    made = create(api, events=["call.completed"], description="CRM")
    assert made["secret"].startswith("whsec_")
    assert valid_secrets(api, made) == [made["secret"]]
    read = api.client.get(path(made)).json()
    assert read == {name: value for name, value in made.items() if name != "secret"}
    assert (read["url"], read["events"], read["enabled"]) == (URL, ["call.completed"], True)
    assert "secret" not in api.client.get("/v1/webhooks").text.replace("previous_secret_valid_until", "")


def test_endpoints_are_listed_newest_first_by_cursor(lite: Api) -> None:
    """Every endpoint once, over as many pages as it takes."""
    made = [create(lite)["id"] for _ in range(3)]
    first = lite.client.get("/v1/webhooks", params={"limit": 2}).json()
    second = lite.client.get("/v1/webhooks", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [one["id"] for one in first["data"] + second["data"]] == made[::-1]
    assert second["next_cursor"] is None


def test_an_endpoint_is_changed_in_what_is_named(lite: Api) -> None:
    """What is left out stays as it is."""
    made = create(lite, events=["call.failed"])
    changed = lite.client.patch(path(made), json={"url": "https://example.com/new"}).json()
    assert (changed["url"], changed["events"]) == ("https://example.com/new", ["call.failed"])
    assert lite.client.patch(path(made), json={"events": []}).json()["events"] == []


def test_an_endpoint_is_disabled_and_enabled_again(lite: Api) -> None:
    """A disabled one says since when and why; enabled again it begins anew."""
    made = create(lite)
    disabled = lite.client.patch(path(made), json={"enabled": False}).json()
    assert (disabled["enabled"], disabled["disabled_reason"]) == (False, "Disabled by request.")
    enabled = lite.client.patch(path(made), json={"enabled": True}).json()
    assert (enabled["enabled"], enabled["disabled_at"], enabled["disabled_reason"]) == (True, None, None)


def test_a_deleted_endpoint_is_gone(lite: Api) -> None:
    """It is neither read nor listed nor deleted again."""
    made = create(lite)
    assert lite.client.delete(path(made)).status_code == 204
    assert lite.client.get(path(made)).status_code == 404
    assert lite.client.delete(path(made)).status_code == 404
    assert lite.client.get("/v1/webhooks").json()["data"] == []


def test_a_rotated_secret_is_shown_once_and_the_old_one_signs_on(lite: Api) -> None:
    """Both are valid until the time that is told."""
    made = create(lite)
    rotated = lite.client.post(path(made, "rotate-secret")).json()
    assert rotated["secret"] != made["secret"]
    assert valid_secrets(lite, made) == [rotated["secret"], made["secret"]]
    assert lite.client.get(path(made)).json()["previous_secret_valid_until"] is not None


def test_a_test_is_owed_to_this_endpoint_whatever_it_subscribes_to(api: Api) -> None:
    """The answer is the delivery, whose workflow is started."""
    made = create(api, events=["call.failed"])
    create(api)
    response = api.client.post(path(made, "test"))
    delivery = response.json()
    assert response.status_code == 202
    assert (delivery["endpoint_id"], delivery["event_type"]) == (made["id"], "webhook.test")
    assert delivery["state"] == DeliveryState.PENDING
    assert api.gateway.named("start_deliveries") == [[delivery["id"]]]
    listed = api.client.get(path(made, "deliveries")).json()["data"]
    assert [one["id"] for one in listed] == [delivery["id"]]


def test_a_test_is_accepted_while_temporal_is_away(lite: Api) -> None:
    """It is recorded, and mended later."""
    lite.gateway.away = True
    assert lite.client.post(path(create(lite), "test")).status_code == 202


def test_a_disabled_endpoint_is_not_tested(lite: Api) -> None:
    """Enable it first."""
    made = create(lite)
    lite.client.patch(path(made), json={"enabled": False})
    assert lite.client.post(path(made, "test")).json()["code"] == "endpoint_disabled"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "https://user:word@example.com/"}, "url"),
        ({"url": "https://example.com/" + "a" * 3000}, "url"),
        ({"url": URL, "events": ["call.exploded"]}, "events.0"),
        ({"url": URL, "events": ["webhook.test"]}, "events"),
        ({"url": URL, "description": "x" * 501}, "description"),
        ({"url": URL, "evnets": []}, "evnets"),
    ],
)
def test_a_wrong_field_is_named(refusing: Api, body: dict[str, Any], field: str) -> None:
    """Each refusal says which field it is about."""
    response = refusing.client.post("/v1/webhooks", json=body)
    assert response.status_code == 422, response.text
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_an_account_has_so_many_endpoints_at_most(lite: Api) -> None:
    """The fifty-first is refused; deleting one makes room."""
    made = [create(lite) for _ in range(50)]
    assert lite.client.post("/v1/webhooks", json={"url": URL}).json()["code"] == "limit_reached"
    lite.client.delete(path(made[0]))
    create(lite)


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/test"),
        ("POST", "/rotate-secret"),
        ("GET", "/deliveries"),
    ],
)
def test_another_accounts_endpoint_does_not_exist(lite: Api, method: str, rest: str) -> None:
    """Every route answers a stranger as if there were no such endpoint, and changes nothing."""
    made = create(lite)
    body = {"enabled": False} if method == "PATCH" else None
    with lite.stranger() as stranger:
        response = stranger.request(method, path(made) + rest, json=body)
        missing = stranger.request(method, f"/v1/webhooks/whe_none{rest}", json=body)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response.json()["detail"].replace(made["id"], "whe_none") == missing.json()["detail"]
    assert valid_secrets(lite, made) == [made["secret"]]
    assert lite.client.get(path(made)).json()["enabled"]


def test_another_accounts_endpoints_are_not_listed(lite: Api) -> None:
    """A stranger's list is its own."""
    create(lite)
    with lite.stranger() as stranger:
        assert stranger.get("/v1/webhooks").json()["data"] == []


def test_the_accounts_own_secret_is_shown_when_it_is_made(lite: Api) -> None:
    """Rotating makes the first one too; reading tells only whether there is one."""
    address = "/v1/account/webhook-secret"
    assert lite.client.get(address).json() == {"exists": False, "previous_secret_valid_until": None}
    first = lite.client.post(f"{address}/rotate").json()["secret"]
    second = lite.client.post(f"{address}/rotate").json()["secret"]
    assert lite.client.get(address).json()["exists"]
    assert "whsec_" not in lite.client.get(address).text
    with lite.database.write() as session:
        account = lock_account(session, lite.account.id)
    box = SecretBox.from_settings(lite.settings)
    assert account_signing_secrets(account, box, utc_now()) == [second, first]


def test_a_key_is_needed(refusing: Api) -> None:
    """Without one there is nothing to see."""
    with httpx.Client(base_url=refusing.url, trust_env=False, timeout=30) as nobody:
        for address in ("/v1/webhooks", "/v1/deliveries", "/v1/account/webhook-secret"):
            assert nobody.get(address).status_code == 401
