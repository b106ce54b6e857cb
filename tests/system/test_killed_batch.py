"""`kill -9` in the course of a batch: of the worker ten times, of the Temporal server twice."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from engine.batches import start_batch
from outdial.batches.progress import BatchProgress
from outdial.models import Batch
from outdial.policy import RetryPolicy
from outdial.vocabulary import Disposition
from tests.batches.placing import Batches, most_at_once, numbers
from tests.system.marks import ON_SQLITE
from tests.system.processes import Process
from tests.system.stand import standing, until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LINES = 10
PEOPLE = 200
KILLS = "wwtwwwwtwwww"
PATIENCE = 600


@ON_SQLITE
async def test_a_batch_survives_its_worker_and_its_server(tmp_path: Path, database_url: str) -> None:
    """Every recipient ends, no attempt is dialled twice, the counts add up, and the lines are kept to."""
    async with standing(tmp_path, database_url, simulated_speed=20) as stand:
        batches = Batches(stand.seen)
        stand.worker.start()
        batch = await _placed(batches)
        for number, which in enumerate(KILLS, start=1):
            await _killed(stand.worker if which == "w" else stand.temporal)
            share = PEOPLE * number // (len(KILLS) + 2)
            await until(lambda share=share: _ended(batches.progress(batch)) >= share, "calls end", PATIENCE)
        await until(lambda: batches.row(batch).ended_at is not None, "the batch ends", PATIENCE)
        _check(batches, batch)


def _check(batches: Batches, batch: Batch) -> None:
    progress = batches.progress(batch)
    assert (progress.pending, progress.in_progress) == (0, 0)
    assert progress.completed + progress.failed == progress.total == PEOPLE
    assert sum(progress.outcomes.values()) == PEOPLE
    attempts = batches.attempts(batch)
    placed = [each.dial_key for each in attempts if each.disposition is not Disposition.NOT_PLACED]
    assert Counter(batches.dials(batch)) == Counter(placed)
    assert most_at_once(attempts) <= LINES
    assert all(call.ended_at for call in batches.calls(batch))


async def _placed(batches: Batches) -> Batch:
    busy = [f"+1202{each}9002" for each in range(200, 220)]
    phones = [*numbers(PEOPLE - len(busy)), *busy]
    given = {"concurrency": LINES, "retry": RetryPolicy(intervals=[2, 2])}
    batch = (await asyncio.to_thread(batches.take, phones, **given)).batch
    await start_batch(batches.running.client, batch)
    return batch


async def _killed(process: Process) -> None:
    process.kill()
    await asyncio.sleep(1)
    process.start()


def _ended(progress: BatchProgress) -> int:
    return progress.completed + progress.failed
