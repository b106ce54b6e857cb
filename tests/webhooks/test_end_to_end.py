"""The whole way: the API, a real Temporal server, the worker's own set-up, a receiver."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from outdial.keys import create_key
from outdial.store.database import Database
from tests.api.serving import served
from tests.running import Running, running
from tests.webhooks.receiver import Reply, receiving

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(temporal: str, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a served API whose worker runs."""
    async with running(temporal, database, temporal_address=temporal) as at_work:
        with served(at_work.settings, database, None) as url:
            async with httpx.AsyncClient(
                base_url=url, headers=_key(at_work), trust_env=False, timeout=30
            ) as client:
                yield client


async def test_created_tested_failed_and_redelivered(api: httpx.AsyncClient) -> None:
    """An endpoint is made, its test fails, is asked for again, arrives, and verifies with the shown secret."""
    with receiving(Reply(500), Reply(200)) as receiver:
        webhook = (await api.post("/v1/webhooks", json={"url": receiver.url})).json()
        delivery = (await api.post(f"/v1/webhooks/{webhook['id']}/test")).json()
        await _until(api, delivery, tries=1)
        await api.post(f"/v1/deliveries/{delivery['id']}/redeliver")
        shown = await _until(api, delivery, state="delivered")
    assert [request["status_code"] for request in shown["requests"]] == [500, 200]
    assert receiver.received[1].verified_by(webhook["secret"])["type"] == "webhook.test"


def _key(at_work: Running) -> dict[str, str]:
    with at_work.database.write() as session:
        _, secret = create_key(session, at_work.account.id, "tests")
    return {"Authorization": f"Bearer {secret}"}


async def _until(api: httpx.AsyncClient, delivery: dict[str, Any], **expected: Any) -> dict[str, Any]:
    """The delivery once these fields have these values."""
    for _ in range(500):
        shown = (await api.get(f"/v1/deliveries/{delivery['id']}")).json()
        if expected.items() <= shown.items():
            return shown
        await asyncio.sleep(0.02)
    raise TimeoutError(f"the delivery is not yet {expected}")
