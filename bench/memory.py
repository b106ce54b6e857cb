"""What calls that wait cost a worker in memory."""

import asyncio
from datetime import timedelta

import psutil

from bench.calls import one_call
from bench.report import Figure
from bench.stage import Stage
from engine.calls import start_call
from outdial.models.base import utc_now

STARTERS = 20
WARM_UP = 20
SETTLE = 5.0
MEGABYTE = 1_048_576


async def measure(stage: Stage, *, calls: int) -> list[Figure]:
    """The worker's resident memory before and after so many calls that are due in a month."""
    for _ in range(WARM_UP):
        await one_call(stage)
    before = _resident(stage)
    gate = asyncio.Semaphore(STARTERS)

    async def place() -> None:
        async with gate:
            call = await asyncio.to_thread(stage.record, due_at=utc_now() + timedelta(days=30))
            await start_call(stage.client, stage.settings, call)

    await asyncio.gather(*(place() for _ in range(calls)))
    await asyncio.sleep(SETTLE)
    grown = (_resident(stage) - before) / calls * 1000
    return [
        Figure("worker memory, idle", before, "MB"),
        Figure("worker memory per 1,000 waiting calls", max(0.0, grown), "MB"),
    ]


def _resident(stage: Stage) -> float:
    return psutil.Process(stage.worker.pid).memory_info().rss / MEGABYTE
