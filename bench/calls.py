"""Calls completed per second by the whole path, beside the floor; what one leaves in Temporal's history."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from bench.floor import ACTIVITIES, QUEUE, Bare
from bench.report import Figure, middle, say
from bench.stage import Stage
from engine.calls import start_call

# So many are on their way at once.
AT_ONCE = 40
WARM_UP = 40
SAMPLE = 20


async def measure(stage: Stage, *, calls: int, rounds: int) -> list[Figure]:
    """Rounds of the path and of the floor in turn; the middle round counts."""
    await rate(lambda: one_call(stage), WARM_UP)
    await rate(lambda: one_bare(stage), WARM_UP)
    path: list[float] = []
    floor: list[float] = []
    for number in range(rounds):
        path.append(await rate(lambda: one_call(stage), calls))
        floor.append(await rate(lambda: one_bare(stage), calls))
        say(f"round {number + 1}: {path[-1]:.1f} calls/s, floor {floor[-1]:.1f}/s")
    return [
        Figure("calls completed", middle(path), "/s", middle(floor), aim="ratio ≥ 0.70"),
        *await _history(stage),
    ]


async def one_call(stage: Stage, **given: Any) -> str:
    """Record a call, start it, see it to its end."""
    call = await asyncio.to_thread(stage.record, **given)
    await start_call(stage.client, stage.settings, call)
    await stage.client.get_workflow_handle(call.id).result()
    return call.id


async def one_bare(stage: Stage) -> str:
    """The same of the floor."""
    name = str(uuid4())
    await stage.client.execute_workflow(Bare.run, args=[0.0, ACTIVITIES], id=name, task_queue=QUEUE)
    return name


async def rate(one: Callable[[], Awaitable[str]], number: int, *, at_once: int = AT_ONCE) -> float:
    """How many a second, where so many are on their way at once."""
    gate = asyncio.Semaphore(at_once)

    async def gated() -> None:
        async with gate:
            await one()

    began = time.perf_counter()
    await asyncio.gather(*(gated() for _ in range(number)))
    return number / (time.perf_counter() - began)


async def _history(stage: Stage) -> list[Figure]:
    path = [await left_by(stage, await one_call(stage)) for _ in range(SAMPLE)]
    floor = [await left_by(stage, await one_bare(stage)) for _ in range(SAMPLE)]
    events, size = zip(*path, strict=True)
    floor_events, floor_size = zip(*floor, strict=True)
    return [
        Figure("history of an answered call", middle(events), "events", middle(floor_events), aim="≤ 45"),
        Figure("its size", middle(size), "bytes", middle(floor_size)),
    ]


async def left_by(stage: Stage, workflow_id: str) -> tuple[int, int]:
    """Events and bytes of a workflow's history."""
    described = await stage.client.get_workflow_handle(workflow_id).describe()
    info = described.raw_description.workflow_execution_info
    return described.history_length, info.history_size_bytes
