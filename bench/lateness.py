"""How late calls are dialled that are all due in the same second."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlmodel import col, select
from temporalio.client import WorkflowHandle

from bench.floor import QUEUE, Bare
from bench.report import Figure, percentile, say
from bench.stage import Stage
from engine.calls import start_call
from outdial.models import Call, SimulatedDial

# Workflows started at once; and how long a start takes at the most, in seconds, so that all stand ready in time.
STARTERS = 20
A_START_TAKES = 0.06
READY = 5.0
AIMS = {100: "p99 ≤ 1 s", 1_000: "p99 ≤ 10 s"}


async def measure(stage: Stage, *, sizes: list[int]) -> list[Figure]:
    """For each number of calls: the floor's lateness, then ours."""
    figures: list[Figure] = []
    for size in sizes:
        floor, path = await _floor(stage, size), await dialled_late(stage, size)
        say(f"{size} due at once: p99 {percentile(path, 0.99):.2f} s, floor {percentile(floor, 0.99):.2f} s")
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            aim = AIMS.get(size, "") if name == "p99" else ""
            what = f"dialled late, {name}, {size:,} due at once"
            figures.append(Figure(what, percentile(path, share), "s", percentile(floor, share), aim=aim))
    return figures


async def dialled_late(stage: Stage, size: int, *, ready: float = READY) -> list[float]:
    """Seconds by which each of so many calls that are due in the same second is dialled late.

    ``ready`` is what preparing them may take beside what the starts do.
    """
    due = _due(size, ready)
    calls = [
        await asyncio.to_thread(stage.record, due_at=datetime.fromtimestamp(due, UTC)) for _ in range(size)
    ]
    gate = asyncio.Semaphore(STARTERS)

    async def start(call: Call) -> None:
        async with gate:
            await start_call(stage.client, stage.settings, call)

    await asyncio.gather(*map(start, calls))
    _assert_ready(due)
    for call in calls:
        await stage.client.get_workflow_handle(call.id).result()
    return await asyncio.to_thread(_dialled_after, stage, calls, due)


def _dialled_after(stage: Stage, calls: list[Call], due: float) -> list[float]:
    """By the carrier's own book."""
    with stage.database.read() as session:
        latest = select(SimulatedDial).order_by(col(SimulatedDial.id).desc()).limit(len(calls))
        dials = session.exec(latest).all()
    assert {dial.dial_key for dial in dials} == {f"{call.id}:1" for call in calls}, "one dial a call"
    return [dial.placed_at.timestamp() - due for dial in dials]


async def _floor(stage: Stage, size: int) -> list[float]:
    due = _due(size, READY)
    gate = asyncio.Semaphore(STARTERS)

    async def start() -> WorkflowHandle[Any, float]:
        async with gate:
            return await stage.client.start_workflow(
                Bare.run, args=[due, 1], id=str(uuid4()), task_queue=QUEUE
            )

    handles = await asyncio.gather(*(start() for _ in range(size)))
    _assert_ready(due)
    return [await handle.result() - due for handle in handles]


def _due(size: int, ready: float) -> float:
    return float(int(time.time() + ready + size * A_START_TAKES) + 1)


def _assert_ready(due: float) -> None:
    assert time.time() < due, "the starts took too long; the machine is busy with something else"
