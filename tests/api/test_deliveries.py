"""Deliveries over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from outdial.models import Account, Delivery, DeliveryState, WebhookEndpoint
from outdial.models.base import utc_now
from outdial.secrets import SecretBox
from outdial.store import webhooks
from outdial.webhooks import endpoints
from outdial.webhooks.delivery import prepare, record
from outdial.webhooks.request import Answer
from tests.api.serving import Api
from tests.build import an_account


def owed(api: Api, account: Account | None = None, **given: Any) -> Delivery:
    """A delivery to an endpoint of its own."""
    with api.database.write() as session:
        endpoint, _ = endpoints.create(
            session,
            (account or api.account).id,
            "https://example.com/hook",
            events=[],
            description="",
            box=SecretBox.from_settings(api.settings),
        )
        session.flush()
        delivery = Delivery(**_values(endpoint, given))
        session.add(delivery)
    return delivery


def tried(api: Api, delivery: Delivery, answer: Answer, pause: float | None = None) -> None:
    """Record a try, the last one unless a pause follows."""
    now = utc_now()
    with api.database.write() as session:
        message = prepare(session, delivery, SecretBox.from_settings(api.settings), now)
        record(session, message, message.headers(now), answer, pause, now)


def ids(api: Api, **filters: Any) -> list[str]:
    """What is listed under these filters."""
    response = api.client.get("/v1/deliveries", params=filters)
    assert response.status_code == 200, response.text
    return [one["id"] for one in response.json()["data"]]


def test_a_delivery_is_shown_with_every_request(api: Api) -> None:
    """Payload, request headers without the signature, answer, timing."""
    delivery = owed(api)
    tried(api, delivery, Answer(500, body="oops", duration_ms=120), pause=5)
    tried(api, delivery, Answer(None, error="no route"), pause=300)
    shown = api.client.get(f"/v1/deliveries/{delivery.id}").json()
    assert (shown["state"], shown["tries"], shown["payload"]) == ("pending", 2, {"a": 1})
    first, second = shown["requests"]
    assert (first["status_code"], first["response_body"], first["duration_ms"]) == (500, "oops", 120)
    assert first["request_headers"]["webhook-id"] == delivery.id
    assert "webhook-signature" not in first["request_headers"]
    assert (second["status_code"], second["error"]) == (None, "no route")


def test_deliveries_are_filtered_by_state_event_and_call(api: Api) -> None:
    """Each filter narrows, and they combine."""
    dead = owed(api, event_type="call.failed", call_id="call_1")
    tried(api, dead, Answer(500))
    pending = owed(api, event_type="call.started", call_id="call_1")
    other = owed(api, event_type="call.started", call_id="call_2")
    assert ids(api) == [other.id, pending.id, dead.id]
    assert ids(api, state="dead") == [dead.id]
    assert ids(api, event="call.started") == [other.id, pending.id]
    assert ids(api, call_id="call_1", event="call.started") == [pending.id]
    assert ids(api, state="delivered") == []


def test_deliveries_are_paged_by_cursor(lite: Api) -> None:
    """Every delivery once, newest first."""
    made = [owed(lite).id for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = lite.client.get("/v1/deliveries", params=params).json()
        seen += [one["id"] for one in page["data"]]
        cursor = page["next_cursor"]
    assert seen == made[::-1]


@pytest.mark.parametrize("query", ["state=lost", "event=call.exploded", "cursor=x", "limit=0"])
def test_a_filter_that_means_nothing_is_refused(refusing: Api, query: str) -> None:
    """A misspelt filter never lists everything."""
    assert refusing.client.get(f"/v1/deliveries?{query}").status_code == 422


def test_a_dead_delivery_is_redelivered(api: Api) -> None:
    """It is pending again, its workflow is asked for, and what was tried stays on record."""
    delivery = owed(api)
    tried(api, delivery, Answer(500))
    assert api.client.get(f"/v1/deliveries/{delivery.id}").json()["state"] == DeliveryState.DEAD
    response = api.client.post(f"/v1/deliveries/{delivery.id}/redeliver")
    shown = response.json()
    assert response.status_code == 202
    assert (shown["state"], shown["end_reason"], shown["ended_at"]) == ("pending", None, None)
    assert len(shown["requests"]) == 1
    assert api.gateway.named("redeliver") == [delivery.id]


def test_a_redelivery_that_temporal_does_not_take_is_due_for_mending(lite: Api) -> None:
    """The row says that it is owed; nothing is lost."""
    delivery = owed(lite)
    tried(lite, delivery, Answer(500))
    lite.gateway.away = True
    shown = lite.client.post(f"/v1/deliveries/{delivery.id}/redeliver").json()
    assert shown["state"] == "pending"
    assert shown["next_try_at"] is not None


@pytest.mark.parametrize("gone", ["disabled", "deleted"])
def test_nothing_is_redelivered_to_an_endpoint_that_takes_nothing(lite: Api, gone: str) -> None:
    """The refusal says why."""
    delivery = owed(lite)
    assert delivery.endpoint_id is not None
    with lite.database.write() as session:
        endpoint = webhooks.by_id(session, delivery.endpoint_id)
        setattr(endpoint, f"{gone}_at", utc_now() - timedelta(seconds=1))
    refused = lite.client.post(f"/v1/deliveries/{delivery.id}/redeliver").json()
    assert (refused["status"], refused["code"]) == (409, "endpoint_disabled")
    assert gone in refused["detail"]
    assert lite.gateway.named("redeliver") == []


@pytest.mark.parametrize(("method", "rest"), [("GET", ""), ("POST", "/redeliver")])
def test_another_accounts_delivery_does_not_exist(api: Api, method: str, rest: str) -> None:
    """A stranger's delivery is not found, read or sent again."""
    with api.database.write() as session:
        other = an_account(session)
    delivery = owed(api, other)
    response = api.client.request(method, f"/v1/deliveries/{delivery.id}{rest}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert api.gateway.named("redeliver") == []


def test_another_accounts_deliveries_are_not_listed(api: Api) -> None:
    """Neither by listing all nor by naming its call."""
    with api.database.write() as session:
        other = an_account(session)
    owed(api, other, call_id="call_theirs")
    assert ids(api) == ids(api, call_id="call_theirs") == []


def _values(endpoint: WebhookEndpoint, given: dict[str, Any]) -> dict[str, Any]:
    return {
        "account_id": endpoint.account_id,
        "endpoint_id": endpoint.id,
        "url": endpoint.url,
        "event_type": "call.started",
        "payload": {"a": 1},
        "next_try_at": utc_now(),
        **given,
    }
