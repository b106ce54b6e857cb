"""The batch's workflow on a real server: it places its calls, within its lines, and ends."""

import pytest

from outdial.models import BatchStatus
from outdial.store.database import Database
from tests.batches.placing import Batches, most_at_once, numbers
from tests.running import running

pytestmark = pytest.mark.anyio


async def test_a_batch_calls_everyone_within_its_lines(temporal: str, database: Database) -> None:
    """Every recipient is dialled once, never more at a time than the batch's concurrency."""
    async with running(temporal, database) as worker:
        batches = Batches(worker)
        batch = await batches.place(numbers(50), concurrency=5)
        progress = await batches.ended(batch)
    assert (progress.total, progress.completed, progress.pending) == (50, 50, 0)
    assert progress.outcomes == {"BOOKED": 50}
    assert progress.answer_rate == 1.0
    assert batches.row(batch).status is BatchStatus.COMPLETED
    attempts = batches.attempts(batch)
    assert len(attempts) == 50
    assert most_at_once(attempts) <= 5
