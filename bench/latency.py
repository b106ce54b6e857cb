"""How long `POST /v1/call` takes, for one client alone and for several at once."""

import asyncio
import time

import httpx

from bench.report import Figure, percentile, say
from bench.stage import Stage
from tests.temporal_server import wait_until_open

CLIENTS = (1, 8)
WARM_UP = 30
A_WEEK = 604_800


async def measure(stage: Stage, *, requests: int) -> list[Figure]:
    """Calls for next week, so that only the taking is measured."""
    stage.api.start()
    await asyncio.to_thread(wait_until_open, stage.settings.api_port)
    figures: list[Figure] = []
    await _posts(stage, 1, WARM_UP)
    for clients in CLIENTS:
        taken = await _posts(stage, clients, requests)
        say(f"POST /v1/call, {clients} at once: p99 {percentile(taken, 0.99):.1f} ms")
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            figures.append(
                Figure(f"POST /v1/call, {name}, {clients} at once", percentile(taken, share), "ms")
            )
    await asyncio.to_thread(stage.api.stop)
    return figures


async def _posts(stage: Stage, clients: int, requests: int) -> list[float]:
    """Milliseconds each."""
    headers = {"Authorization": f"Bearer {stage.key}"}
    url = f"http://127.0.0.1:{stage.settings.api_port}"
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=30) as client:
        each = [_one_after_another(stage, client, requests // clients) for _ in range(clients)]
        return [taken for series in await asyncio.gather(*each) for taken in series]


async def _one_after_another(stage: Stage, client: httpx.AsyncClient, requests: int) -> list[float]:
    body = {
        "agent_id": stage.agent.id,
        "recipient_phone": "+12025550123",
        "variables": {"first_name": "Ada"},
        "schedule_at": int(time.time()) + A_WEEK,
    }
    taken: list[float] = []
    for _ in range(requests):
        began = time.perf_counter()
        answer = await client.post("/v1/call", json=body)
        taken.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 201, answer.text
    return taken
