"""SQLite against PostgreSQL: calls per second, and how long a call takes to be accepted."""

import asyncio

from bench import latency
from bench.calls import WARM_UP, one_call, rate
from bench.report import Figure, say
from bench.stage import Stage, stage
from tests.postgres import Postgres

# As an installation has it: what is committed is on the disk.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


async def measure(*, calls: int, requests: int) -> list[Figure]:
    """The same on each, on a stage of its own; PostgreSQL's floor is SQLite."""
    figures = await _on("SQLite", None, calls, requests)
    server = await asyncio.to_thread(Postgres, **DURABLE)
    try:
        others = await _on("PostgreSQL", server.create("outdial"), calls, requests)
    finally:
        await asyncio.to_thread(server.close)
    compared = [Figure(b.what, b.value, b.unit, a.value) for a, b in zip(figures, others, strict=True)]
    return [*figures, *compared]


async def _on(name: str, url: str | None, calls: int, requests: int) -> list[Figure]:
    async with stage(url) as built:
        await rate(lambda: one_call(built), WARM_UP)
        pace = await rate(lambda: one_call(built), calls)
        say(f"{name}: {pace:.1f} calls/s")
        return [Figure(f"calls completed, {name}", pace, "/s"), *await _accepting(built, name, requests)]


async def _accepting(built: Stage, name: str, requests: int) -> list[Figure]:
    figures = await latency.measure(built, requests=requests)
    return [Figure(f"{each.what}, {name}", each.value, each.unit) for each in figures]
