"""Many calls that wait for few lines: how late the calls of another account are beside them, and what waiting costs."""

import asyncio
import time
from typing import Any

import psutil

from bench.calls import WARM_UP, one_call, rate
from bench.report import Figure, percentile, say
from bench.stage import Stage
from engine.calls import start_call
from outdial.models import Call
from outdial.plans import Plan
from outdial.store import calls
from tests.build import a_call, an_account, an_agent

LINES = 3
DIALS = 40
STARTERS = 20
# Seconds: until the first of them are on the line and the others in their places, and in which nothing is asked of it.
SETTLE, REST = 45.0, 20.0
AIM = "≤ 2 × alone"


async def measure(stage: Stage, *, queue: int) -> list[Figure]:
    """Calls of one account one after the other, alone and while so many of another wait for its three lines.

    People speak at their natural pace, so hardly any of those that wait has its turn meanwhile.
    """
    await rate(lambda: one_call(stage), WARM_UP)
    alone = await _placed_after(stage)
    before = await _cost(stage)
    await _fill(stage, queue)
    say(f"{queue} calls wait for {LINES} lines")
    await asyncio.sleep(SETTLE)
    waiting = await _cost(stage)
    beside = await _placed_after(stage)
    return [
        Figure(
            f"placed beside {queue:,} that wait, p50", percentile(beside, 0.5), "s", percentile(alone, 0.5)
        ),
        Figure(
            f"placed beside {queue:,} that wait, p99",
            percentile(beside, 0.99),
            "s",
            percentile(alone, 0.99),
            aim=AIM,
        ),
        Figure("processor while they wait", waiting, "s/s", before),
    ]


async def _fill(stage: Stage, queue: int) -> None:
    """So many calls of an account with few lines, all due now."""
    with stage.database.write() as session:
        agent = an_agent(session, an_account(session, Plan.GROWTH, custom_lines=LINES))
        waiting = [a_call(session, agent, workflow_started=True) for _ in range(queue)]
    gate = asyncio.Semaphore(STARTERS)

    async def start(call: Call) -> None:
        async with gate:
            await start_call(stage.client, stage.settings, call)

    await asyncio.gather(*map(start, waiting))


async def _placed_after(stage: Stage) -> list[float]:
    """Seconds from the start of a call to its dial, for calls a quarter of a second apart."""
    placed: list[Call] = []
    for _ in range(DIALS):
        call = await asyncio.to_thread(stage.record)
        await start_call(stage.client, stage.settings, call)
        placed.append(call)
        await asyncio.sleep(0.25)
    return [await _lateness(stage, call) for call in placed]


async def _lateness(stage: Stage, call: Call) -> float:
    while (dialled := await asyncio.to_thread(_dialled_at, stage, call)) is None:
        await asyncio.sleep(0.1)
    return dialled - call.created_at.timestamp()


def _dialled_at(stage: Stage, call: Call) -> float | None:
    with stage.database.read() as session:
        attempts = calls.attempts_of(session, call)
    return attempts[0].intended_at.timestamp() if attempts else None


async def _cost(stage: Stage) -> float:
    """Processor seconds a second of worker and Temporal while nothing is asked of them."""
    began, used = time.monotonic(), _used(stage)
    await asyncio.sleep(REST)
    return (_used(stage) - used) / (time.monotonic() - began)


def _used(stage: Stage) -> float:
    times: list[Any] = [psutil.Process(each.pid).cpu_times() for each in (stage.worker, stage.temporal)]
    return sum(each.user + each.system for each in times)
