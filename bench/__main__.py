"""`python -m bench`: all measures from one run, or only those that are named."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated

import typer

from bench import batches, calls, latency, lateness, memory, mico, relay
from bench.report import Figure, show
from bench.stage import Stage, stage


class Part(StrEnum):
    """What can be measured by itself."""

    CALLS = "calls"
    API = "api"
    LATENESS = "lateness"
    MEMORY = "memory"
    BATCHES = "batches"
    RELAY = "relay"
    MICO = "mico"


def main(
    parts: Annotated[
        list[Part] | None, typer.Argument(help="What to measure; all if nothing is named.")
    ] = None,
    number: Annotated[int, typer.Option("--calls", help="Calls in a round.")] = 400,
    rounds: Annotated[int, typer.Option(help="Rounds of the path and of the floor, in turn.")] = 3,
    requests: Annotated[int, typer.Option(help="Requests to the API in a series.")] = 400,
    due: Annotated[tuple[int, int], typer.Option(help="Calls due in the same second.")] = (100, 1_000),
    waiting: Annotated[int, typer.Option(help="Calls that wait while memory is read.")] = 1_000,
    recipients: Annotated[
        tuple[int, int], typer.Option(help="Recipients of the batches that are called.")
    ] = (1_000, 5_000),
    rows: Annotated[int, typer.Option(help="Rows of a file that is only taken in.")] = 100_000,
    listed: Annotated[int, typer.Option(help="Calls of the schedule that is listed.")] = 1_000_000,
    sessions: Annotated[int, typer.Option(help="Conversations on real phones at once.")] = 500,
    database_url: Annotated[str | None, typer.Option(help="The database; a SQLite file if unset.")] = None,
) -> None:
    """Calls per second, history, latency, lateness and memory, beside a floor of bare workflows."""
    chosen = set(parts or Part)
    measures: dict[Part, Callable[[Stage], Awaitable[list[Figure]]]] = {
        Part.MEMORY: lambda built: memory.measure(built, calls=waiting),
        Part.CALLS: lambda built: calls.measure(built, calls=number, rounds=rounds),
        Part.LATENESS: lambda built: lateness.measure(built, sizes=list(due)),
        Part.API: lambda built: latency.measure(built, requests=requests),
        Part.BATCHES: lambda built: batches.measure(built, sizes=list(recipients), rows=rows),
    }

    async def run() -> list[Figure]:
        async with stage(database_url) as built:
            return [figure for part in measures if part in chosen for figure in await measures[part](built)]

    async def talk() -> list[Figure]:
        async with stage(database_url, **relay.settings()) as built:
            return await relay.measure(built, sessions=sessions, seconds=20)

    figures = asyncio.run(run()) if chosen & measures.keys() else []
    figures += mico.measure(rows=listed) if Part.MICO in chosen else []
    figures += asyncio.run(talk()) if Part.RELAY in chosen else []
    show(figures)


if __name__ == "__main__":
    typer.run(main)
