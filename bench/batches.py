"""Batches: calls per second beside the floor, taking a large file in, history, and sharing an account's lines."""

import asyncio
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count, islice
from typing import Any

from sqlmodel import col, select

from bench.calls import one_bare, rate
from bench.report import Figure, say
from bench.stage import Stage
from engine.batches import start_batch
from outdial.batches.intake import BatchIntake
from outdial.batches.request import BatchRequest, Recipient
from outdial.models import Account, Attempt, Batch
from outdial.store import batches
from tests.system.processes import ROOT, python

LINES = 50
FLOOR = 1_000
# Two batches over few lines, so that there is something to share.
SHARED_LINES = 10
SHARED_CALLS = 300
# From these last four digits on numbers have a fate of their own.
FIRST_PERSONA = 9_001


async def measure(stage: Stage, *, sizes: Sequence[int], rows: int) -> list[Figure]:
    """``sizes``: recipients of batches that are called; ``rows``: of a file that is only taken in."""
    floor = await rate(lambda: one_bare(stage), FLOOR, at_once=LINES)
    figures = [figure for size in sizes for figure in await _called(stage, size, floor)]
    figures += await _shared(stage)
    return [*figures, *await asyncio.to_thread(_accepted, stage, rows)]


async def _called(stage: Stage, size: int, floor: float) -> list[Figure]:
    batch = await asyncio.to_thread(_take_in, stage, size, LINES)
    began = time.perf_counter()
    await start_batch(stage.client, batch)
    await stage.client.get_workflow_handle(batch.id).result()
    pace = size / (time.perf_counter() - began)
    say(f"batch of {size:,}: {pace:.1f} calls/s, floor {floor:.1f}/s")
    events, runs = await _history(stage, batch)
    return [
        Figure(f"batch of {size:,}", pace, "calls/s", floor, aim="ratio ≥ 0.70"),
        Figure(f"its workflow's longest history ({runs} runs)", events, "events", aim="bounded"),
    ]


async def _shared(stage: Stage) -> list[Figure]:
    lines = await asyncio.to_thread(_give_lines, stage, SHARED_LINES)
    pair = [await asyncio.to_thread(_take_in, stage, SHARED_CALLS, None) for _ in range(2)]
    for batch in pair:
        await start_batch(stage.client, batch)
    await asyncio.gather(*(stage.client.get_workflow_handle(batch.id).result() for batch in pair))
    await asyncio.to_thread(_give_lines, stage, lines)
    spans = [await asyncio.to_thread(_span, stage, batch) for batch in pair]
    share = min(spans) / max(spans)
    return [Figure("two batches over the same lines: shorter to longer", share, "", aim="≥ 0.80")]


def _accepted(stage: Stage, rows: int) -> list[Figure]:
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("phone,first_name,amount_due,due_date\n")
        file.writelines(f"{phone},Ada,₹2500,April 25\n" for phone in _phones(rows))
        file.flush()
        environment = {
            "OUTDIAL_DATABASE_URL": stage.settings.database,
            "OUTDIAL_DATA": str(stage.settings.data),
        }
        ran = subprocess.run(
            python("bench.accepting", file.name, stage.agent.id),
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            check=True,
        )
    seen: dict[str, Any] = json.loads(ran.stdout)
    return [
        Figure(f"taking {seen['rows']:,} rows of CSV in", seen["seconds"], "s", aim="≤ 20"),
        Figure("memory of that process", seen["megabytes"], "MB", aim="≤ 200"),
    ]


def _take_in(stage: Stage, size: int, lines: int | None) -> Batch:
    request = BatchRequest(agent_id=stage.agent.id, concurrency=lines)
    people = (Recipient(phone, {"first_name": "Ada"}) for phone in _phones(size))
    return BatchIntake(stage.database, stage.settings).create(stage.account, request, people).batch


def _phones(number: int) -> Iterator[str]:
    """So many people who all book: none of them has a persona's last digits."""
    plain = (each for each in count(2_000_000) if each % 10_000 < FIRST_PERSONA)
    return (f"+1202{each}" for each in islice(plain, number))


def _give_lines(stage: Stage, lines: int | None) -> int | None:
    with stage.database.write() as session:
        account = session.get_one(Account, stage.account.id)
        before, account.custom_lines = account.custom_lines, lines
        session.add(account)
    return before


def _span(stage: Stage, batch: Batch) -> float:
    with stage.database.read() as session:
        row = batches.load(session, batch.id)
        first = session.exec(
            select(Attempt.intended_at).where(Attempt.batch_id == batch.id).order_by(col(Attempt.intended_at))
        ).first()
    assert row.ended_at is not None, "its workflow has ended"
    assert first is not None, "somebody was called"
    return (row.ended_at - first).total_seconds()


async def _history(stage: Stage, batch: Batch) -> tuple[int, int]:
    """Events of the longest run, and how many runs there were."""
    lengths = list[int]()
    async for run in stage.client.list_workflows(f"WorkflowId = '{batch.id}'"):
        described = await stage.client.get_workflow_handle(run.id, run_id=run.run_id).describe()
        lengths.append(described.history_length)
    return max(lengths), len(lengths)
