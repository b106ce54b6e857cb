"""Batches that a crash or an operator has left half done."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.batch_upkeep import BatchUpkeepActivities
from outdial.batches.intake import STALE
from outdial.models import Batch, BatchStatus
from outdial.models.base import utc_now
from outdial.store.database import Database
from tests.batches.placing import Batches, numbers
from tests.running import Running, running
from worker import make_parts, utc_clock

pytestmark = pytest.mark.anyio


async def mend(worker: Running, *, later: timedelta = timedelta(0)) -> int:
    """One round of upkeep, some time from now."""
    parts = make_parts(worker.settings, worker.database, worker.client, lambda: utc_clock() + later)
    return await ActivityEnvironment().run(BatchUpkeepActivities(parts, worker.client).mend_batches)


async def test_a_batch_that_was_recorded_and_not_started_is_started(
    temporal: str, some_database: Database
) -> None:
    """A crash between the two loses nothing."""
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        batch = (await asyncio.to_thread(batches.take, numbers(2))).batch
        assert await mend(worker) == 0
        assert await mend(worker, later=timedelta(minutes=1)) == 1
        assert (await batches.ended(batch)).completed == 2
        assert batches.row(batch).workflow_started


async def test_an_upload_that_died_is_forgotten(temporal: str, some_database: Database) -> None:
    """Its rows go after a while, and with the first upload the batch itself."""
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        batch = (await asyncio.to_thread(batches.take, numbers(2))).batch
        with some_database.write() as session:
            row = session.merge(batch)
            row.status, row.rows, row.intake_at = BatchStatus.PREPARING, 0, utc_now()
        assert await mend(worker) == 0
        assert await mend(worker, later=STALE * 2) == 1
    with some_database.read() as session:
        assert session.get(Batch, batch.id) is None
    assert batches.calls(batch) == []


async def test_a_terminated_batch_is_canceled(temporal: str, some_database: Database) -> None:
    """Whoever terminates its workflow wants it to end: so do its calls."""
    async with running(temporal, some_database, simulated_speed=5) as worker:
        batches = Batches(worker)
        batch = await batches.place(numbers(10), concurrency=2)
        with some_database.write() as session:
            session.merge(batches.row(batch)).workflow_started = True
        await batches.until(batch, lambda progress: progress.in_progress == 2)
        await batches.workflow(batch).terminate()
        assert await mend(worker) == 1
        progress = await batches.ended(batch)
    assert progress.canceled == 10
    assert batches.row(batch).status is BatchStatus.CANCELED
