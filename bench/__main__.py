"""`python -m bench`: all measures from one run, or only those that are named."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from bench import batches, calls, latency, lateness, memory, mico, relay
from bench.report import Figure, show
from bench.stage import stage


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

    async def run() -> list[Figure]:
        async with stage(database_url) as built:
            figures: list[Figure] = []
            if Part.MEMORY in chosen:
                figures += await memory.measure(built, calls=waiting)
            if Part.CALLS in chosen:
                figures += await calls.measure(built, calls=number, rounds=rounds)
            if Part.LATENESS in chosen:
                figures += await lateness.measure(built, sizes=list(due))
            if Part.API in chosen:
                figures += await latency.measure(built, requests=requests)
            if Part.BATCHES in chosen:
                figures += await batches.measure(built, sizes=list(recipients), rows=rows)
            return figures

    async def talk() -> list[Figure]:
        async with stage(database_url, **relay.settings()) as built:
            return await relay.measure(built, sessions=sessions, seconds=20)

    staged = chosen - {Part.MICO, Part.RELAY}
    figures = asyncio.run(run()) if staged else []
    if Part.MICO in chosen:
        figures += mico.measure(rows=listed)
    if Part.RELAY in chosen:
        figures += asyncio.run(talk())
    show(figures)


if __name__ == "__main__":
    typer.run(main)
