"""A batch of thousands on a real server, measured from its attempts."""

import pytest
from temporalio.client import Client

from outdial.models import BatchStatus
from outdial.models.base import utc_now
from outdial.store.database import Database
from tests.batches.placing import Batches, most_at_once, numbers
from tests.running import running

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LINES = 50
SOON = 900


async def test_two_thousand_people_are_called_over_fifty_lines(
    temporal: str, some_database: Database
) -> None:
    """Never more than 50 lines are taken, through a pause and a resume in the middle, and everybody is called once."""
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        batch = await batches.place(numbers(2_000), concurrency=LINES)
        await batches.until(batch, lambda progress: progress.completed >= 600, SOON)
        await batches.workflow(batch).signal("pause")
        await batches.until_status(batch, BatchStatus.PAUSED)
        await batches.until(batch, lambda progress: progress.in_progress == 0)
        paused = len(batches.attempts(batch))
        resumed = utc_now()
        await batches.workflow(batch).signal("resume")
        progress = await batches.ended(batch, SOON)
        history = await _longest_history(worker.client, batch.id)
    attempts = batches.attempts(batch)
    assert (progress.total, progress.completed) == (2_000, 2_000)
    assert len(attempts) == len(set(batches.dials(batch))) == len(batches.dials(batch)) == 2_000
    assert 1 < most_at_once(attempts) <= LINES
    assert 600 <= paused < 2_000
    assert sum(each.intended_at < resumed for each in attempts) == paused
    assert history < 500


async def _longest_history(client: Client, batch_id: str) -> int:
    lengths = list[int]()
    async for run in client.list_workflows(f"WorkflowId = '{batch_id}'"):
        history = await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
        lengths.append(len(history.events))
    return max(lengths)
