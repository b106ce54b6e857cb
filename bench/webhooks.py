"""Webhooks delivered per second, and how late dials are while many webhooks wait."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import text

from bench import lateness
from bench.report import Figure, percentile, say
from bench.stage import Stage
from engine.deliveries import start_deliveries
from outdial.models import Delivery
from outdial.models.base import utc_now
from tests.system.processes import Process, python
from tests.temporal_server import free_port, wait_until_open

STARTERS = 20
# Calls are started more slowly beside a flood; seconds.
BUSY = 20.0
DUE = 100
WARM_UP = 40
# What a finished call tells, roughly.
PAYLOAD = {"type": "call.completed", "data": {"summary": "x" * 1_200}}


async def measure(stage: Stage, *, webhooks: int, backlog: int) -> list[Figure]:
    """So many delivered at once; then the lateness of 100 dials while ``backlog`` wait."""
    async with receiving(stage) as url:
        await _start(stage, await asyncio.to_thread(_owe, stage, url, WARM_UP))
        await delivered(stage)
        began = time.perf_counter()
        await _start(stage, await asyncio.to_thread(_owe, stage, url, webhooks))
        await delivered(stage)
        pace = webhooks / (time.perf_counter() - began)
        say(f"{pace:.1f} webhooks/s")
        alone = await lateness.dialled_late(stage, DUE)
        waiting = await asyncio.to_thread(_owe, stage, url, backlog)
        flood = asyncio.create_task(_start(stage, waiting))
        beside = await lateness.dialled_late(stage, DUE, ready=BUSY)
        left = await asyncio.to_thread(_pending, stage)
        flood.cancel()
    return [
        Figure(f"webhooks delivered, {webhooks:,} at once", pace, "/s"),
        Figure(
            f"{DUE} dials beside {backlog:,} webhooks, p50",
            percentile(beside, 0.5),
            "s",
            percentile(alone, 0.5),
        ),
        Figure(
            f"{DUE} dials beside {backlog:,} webhooks, p99",
            percentile(beside, 0.99),
            "s",
            percentile(alone, 0.99),
        ),
        Figure("webhooks that still waited then", left, ""),
    ]


@asynccontextmanager
async def receiving(stage: Stage) -> AsyncGenerator[str]:
    """A receiver at work until the block ends; its address."""
    port = free_port()
    process = Process(
        python("bench.receiver", str(port)), {}, stage.worker.log.with_name("receiver.log"), dies_with_us=True
    )
    process.start()
    try:
        await asyncio.to_thread(wait_until_open, port)
        yield f"http://127.0.0.1:{port}/hook"
    finally:
        await asyncio.to_thread(process.stop)


def _owe(stage: Stage, url: str, number: int) -> list[str]:
    now = utc_now()
    owed = [
        Delivery(
            account_id=stage.account.id,
            url=url,
            event_type="call.completed",
            payload=PAYLOAD,
            next_try_at=now,
        )
        for _ in range(number)
    ]
    ids = [each.id for each in owed]
    with stage.database.write() as session:
        session.add_all(owed)
    return ids


async def _start(stage: Stage, ids: Sequence[str]) -> None:
    for first in range(0, len(ids), STARTERS):
        await start_deliveries(stage.client, ids[first : first + STARTERS])


async def delivered(stage: Stage) -> None:
    """Return once no webhook waits."""
    while await asyncio.to_thread(_pending, stage):
        await asyncio.sleep(0.2)


def _pending(stage: Stage) -> int:
    with stage.database.read() as session:
        query = text("SELECT count(*) FROM delivery WHERE state = 'pending'")
        return session.connection().execute(query).scalar_one()
