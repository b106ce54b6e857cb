"""Scheduled calls the whole way: the API, a real Temporal server, the worker, a receiver of webhooks."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from outdial.keys import create_key
from outdial.models.base import utc_now
from outdial.store.database import Database
from tests.api.serving import served
from tests.running import running
from tests.webhooks.receiver import receiving

pytestmark = pytest.mark.anyio

URL = "/v1/calls/scheduled"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client(temporal: str, some_database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a served API whose worker runs."""
    database = some_database
    async with running(temporal, database, temporal_address=temporal) as at_work:
        with database.write() as session:
            _, secret = create_key(session, at_work.account.id, "tests")
        headers = {"Authorization": f"Bearer {secret}"}
        with served(at_work.settings, database, None) as url:
            async with httpx.AsyncClient(
                base_url=url, headers=headers, trust_env=False, timeout=30
            ) as client:
                yield client


async def schedule(client: httpx.AsyncClient, seconds: float, **given: Any) -> dict[str, Any]:
    """A call to Ada in so many seconds."""
    contact = (await client.post("/v1/contacts", json={"number": "+14155550142", "first_name": "Ada"})).json()
    at = (utc_now() + timedelta(seconds=seconds)).isoformat()
    body = {
        "contact_id": contact["id"],
        "scheduled_at": at,
        "initial_message": "Hi {{first_name}}, it is time.",
    }
    response = await client.post(URL, json={**body, **given})
    assert response.status_code == 201, response.text
    return response.json()["data"]


async def read(client: httpx.AsyncClient, call: dict[str, Any]) -> dict[str, Any]:
    """The call as it stands."""
    return (await client.get(f"{URL}/{call['call_id']}")).json()["data"]


async def until(client: httpx.AsyncClient, call: dict[str, Any], status: str) -> dict[str, Any]:
    """The call once it has this status."""
    for _ in range(1000):
        shown = await read(client, call)
        if shown["status"] == status:
            return shown
        await asyncio.sleep(0.02)
    raise TimeoutError(f"the call is not yet {status}")


async def test_a_scheduled_call_is_placed_spoken_and_reported(client: httpx.AsyncClient) -> None:
    """It waits until it is due, says the message by name, and tells the webhook, signed with the account's secret."""
    secret = (await client.post("/v1/account/webhook-secret/rotate")).json()["secret"]
    with receiving() as receiver:
        call = await schedule(client, 1.5, webhook_url=receiver.url, metadata={"playbook": "renewal"})
        assert (await read(client, call))["status"] == "scheduled"
        await until(client, call, "completed")
        said = (await client.get(f"/v1/calls/{call['call_id']}/transcript")).json()
        assert said["attempts"][0]["turns"][0]["text"] == "Hi Ada, it is time."
        assert said["attempts"][0]["answered_at"] >= call["scheduled_at"].removesuffix("Z")
        for _ in range(500):
            if len(receiver.received) == 4:
                break
            await asyncio.sleep(0.02)
        told = [one.verified_by(secret) for one in receiver.received]
    kinds = sorted(event["type"] for event in told)
    assert kinds == ["call.answered", "call.completed", "call.scheduled", "call.started"]
    assert all(event["metadata"] == {"playbook": "renewal"} for event in told)


async def test_a_call_is_moved_and_then_canceled(client: httpx.AsyncClient) -> None:
    """Reading it shows the new time; canceled before it was due it never dials."""
    call = await schedule(client, 3600)
    at = f"{(utc_now() + timedelta(hours=2)):%Y-%m-%dT%H:%M:%SZ}"
    moved = (await client.patch(f"{URL}/{call['call_id']}", json={"scheduled_at": at})).json()
    assert moved["data"]["scheduled_at"] == (await read(client, call))["scheduled_at"] == at
    canceled = (await client.delete(f"{URL}/{call['call_id']}")).json()
    assert (canceled["message"], canceled["data"]["status"]) == (
        "AI outbound call canceled successfully.",
        "canceled",
    )
    shown = (await client.get(f"/v1/calls/{call['call_id']}")).json()
    assert (shown["attempts"], shown["schedule_at"] is not None) == ([], True)
    assert (await client.delete(f"{URL}/{call['call_id']}")).status_code == 409
