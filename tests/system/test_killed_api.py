"""`kill -9` of the API while it takes calls: asked again under the same keys, each call is placed once."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import BOOKS
from tests.system.marks import ON_POSTGRESQL
from tests.system.stand import Stand, standing, until
from tests.system.whole import assert_whole
from tests.temporal_server import wait_until_open

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

CALLS = 16
TRIES = 40


@ON_POSTGRESQL
async def test_calls_are_placed_once_though_the_api_is_killed(tmp_path: Path, database_url: str) -> None:
    """Requests are answered, cut, or refused while it is away; the client asks until it has an answer.

    One call is recorded and nobody asks again: the reconciler finds it and starts it.
    """
    async with standing(tmp_path, database_url) as stand:
        left = stand.record(BOOKS)
        stand.worker.start()
        await _api_up(stand)
        asking = [asyncio.create_task(_place(stand, number)) for number in range(CALLS)]
        await until(lambda: any(task.done() for task in asking), "the first call is taken")
        stand.api.kill()
        await _api_up(stand)
        placed = await asyncio.gather(*asking)
        assert len({call["id"] for call in placed}) == CALLS
        calls = stand.recorded()
        assert {call.id for call in calls} == {call["id"] for call in placed} | {left.id}
        await stand.ended(calls)
        for call in calls:
            assert_whole(stand, call, call.id)


async def _api_up(stand: Stand) -> None:
    stand.api.start()
    await asyncio.to_thread(wait_until_open, stand.seen.settings.api_port)


async def _place(stand: Stand, number: int) -> dict[str, Any]:
    """Ask until it is answered, under one key."""
    body = {
        "agent_id": stand.seen.agent.id,
        "recipient_phone": BOOKS,
        "variables": {"first_name": "Ada"},
        "webhook_url": stand.receiver.url,
    }
    headers = {"Authorization": f"Bearer {stand.key}", "Idempotency-Key": f"call-{number}"}
    async with httpx.AsyncClient(
        base_url=stand.seen.settings.base_url, trust_env=False, timeout=20
    ) as client:
        for _ in range(TRIES):
            try:
                answer = await client.post("/v1/call", json=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(0.5)
                continue
            assert answer.status_code == 201, answer.text
            return answer.json()
    raise TimeoutError(f"call {number} was never answered")
