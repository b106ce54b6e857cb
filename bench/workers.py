"""Calls per second with one worker process and with two, over one Temporal server and one database."""

import asyncio

from bench.calls import WARM_UP, one_call, rate
from bench.report import Figure, middle, say
from bench.stage import Stage

# With two workers there is work for both.
AT_ONCE = 80


async def measure(stage: Stage, *, calls: int, rounds: int) -> list[Figure]:
    """Rounds with one and with two in turn; the middle round counts."""
    other = stage.another_worker()
    paces: dict[int, list[float]] = {1: [], 2: []}
    await rate(lambda: one_call(stage), WARM_UP)
    try:
        for _ in range(rounds):
            paces[1].append(await _pace(stage, calls))
            other.start()
            await rate(lambda: one_call(stage), WARM_UP, at_once=AT_ONCE)
            paces[2].append(await _pace(stage, calls))
            await asyncio.to_thread(other.stop)
    finally:
        await asyncio.to_thread(other.stop)
    one, two = middle(paces[1]), middle(paces[2])
    return [
        Figure("calls completed, one worker process", one, "/s"),
        Figure("calls completed, two worker processes", two, "/s", one),
    ]


async def _pace(stage: Stage, calls: int) -> float:
    pace = await rate(lambda: one_call(stage), calls, at_once=AT_ONCE)
    say(f"{pace:.1f} calls/s")
    return pace
