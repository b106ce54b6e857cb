"""`python -m bench`: all measures from one run, or only those that are named."""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from bench import (
    batches,
    calls,
    cost,
    databases,
    latency,
    lateness,
    memory,
    mico,
    neighbours,
    overload,
    relay,
    waiting,
    webhooks,
    workers,
)
from bench.report import Figure, show
from bench.running import end_in_order, run, within
from bench.stage import Stage, stage
from outdial import logs


class Part(StrEnum):
    """What can be measured by itself."""

    MEMORY = "memory"
    CALLS = "calls"
    WORKERS = "workers"
    LATENESS = "lateness"
    API = "api"
    BATCHES = "batches"
    WEBHOOKS = "webhooks"
    WAITING = "waiting"
    NEIGHBOURS = "neighbours"
    OVERLOAD = "overload"
    COST = "cost"
    DATABASES = "databases"
    RELAY = "relay"
    MICO = "mico"


OnStage = Callable[[Stage], Awaitable[list[Figure]]]


def main(
    parts: Annotated[
        list[Part] | None, typer.Argument(help="What to measure; all if nothing is named.")
    ] = None,
    number: Annotated[int, typer.Option("--calls", help="Calls in a round.")] = 400,
    rounds: Annotated[int, typer.Option(help="Rounds of the path and of the floor, in turn.")] = 3,
    requests: Annotated[int, typer.Option(help="Requests to the API in a series.")] = 400,
    due: Annotated[tuple[int, int], typer.Option(help="Calls due in the same second.")] = (100, 1_000),
    idle: Annotated[int, typer.Option(help="Calls that wait while a worker's memory is read.")] = 1_000,
    recipients: Annotated[
        tuple[int, int], typer.Option(help="Recipients of the batches that are called.")
    ] = (1_000, 5_000),
    rows: Annotated[int, typer.Option(help="Rows of a file that is only taken in.")] = 100_000,
    ahead: Annotated[
        int, typer.Option(help="Calls scheduled ahead over HTTP; 100000 takes an hour.")
    ] = 5_000,
    queue: Annotated[int, typer.Option(help="Calls of one account that wait for three lines.")] = 1_000,
    delivered: Annotated[int, typer.Option(help="Webhooks delivered at once.")] = 1_000,
    backlog: Annotated[int, typer.Option(help="Webhooks that wait while dials are due.")] = 10_000,
    overloaded: Annotated[float, typer.Option(help="Seconds of ten times the load.")] = 20,
    listed: Annotated[int, typer.Option(help="Calls of the schedule that is listed.")] = 1_000_000,
    sessions: Annotated[int, typer.Option(help="Conversations on real phones at once.")] = 500,
    database_url: Annotated[str | None, typer.Option(help="The database; a SQLite file if unset.")] = None,
    minutes: Annotated[float, typer.Option(help="What one part may take.")] = 30,
) -> None:
    """Calls per second, history, latency, lateness and memory, beside a floor of bare workflows."""
    chosen = [part for part in Part if part in (parts or Part)]
    together: Mapping[Part, OnStage] = {
        Part.MEMORY: lambda built: memory.measure(built, calls=idle),
        Part.CALLS: lambda built: calls.measure(built, calls=number, rounds=rounds),
        Part.WORKERS: lambda built: workers.measure(built, calls=number, rounds=rounds),
        Part.LATENESS: lambda built: lateness.measure(built, sizes=list(due)),
        Part.API: lambda built: latency.measure(built, requests=requests),
        Part.BATCHES: lambda built: batches.measure(built, sizes=list(recipients), rows=rows),
    }
    # On a stage of their own each: they leave much behind, stop the worker, or want other settings.
    alone: Mapping[Part, tuple[OnStage, Mapping[str, Any]]] = {
        Part.WEBHOOKS: (lambda built: webhooks.measure(built, webhooks=delivered, backlog=backlog), {}),
        Part.WAITING: (lambda built: waiting.measure(built, calls=ahead), {}),
        Part.NEIGHBOURS: (lambda built: neighbours.measure(built, queue=queue), {"simulated_speed": 1}),
        Part.OVERLOAD: (lambda built: overload.measure(built, seconds=overloaded), {"rate_limit": ""}),
        Part.COST: (lambda built: cost.measure(built, calls=number), {}),
        Part.RELAY: (lambda built: relay.measure(built, sessions=sessions, seconds=20), relay.settings()),
    }

    async def on_one_stage() -> list[Figure]:
        async with stage(database_url) as built:
            return [
                figure
                for part in chosen
                if part in together
                for figure in await within(minutes, part, lambda part=part: together[part](built))
            ]

    async def on_its_own(part: Part) -> list[Figure]:
        measure, settings = alone[part]
        async with stage(database_url, **settings) as built:
            return await within(minutes, part, lambda: measure(built))

    end_in_order()
    logs.set_up(as_json=False, level="WARNING")
    figures = run(on_one_stage()) if any(part in together for part in chosen) else []
    for part in chosen:
        figures += run(on_its_own(part)) if part in alone else []
    if Part.DATABASES in chosen:
        compared = within(minutes, "databases", lambda: databases.measure(calls=number, requests=requests))
        figures += run(compared)
    figures += mico.measure(rows=listed) if Part.MICO in chosen else []
    show(figures)


if __name__ == "__main__":
    typer.run(main)
