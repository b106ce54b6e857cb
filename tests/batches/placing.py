"""Short ways for tests to place a batch and to see what becomes of it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select
from temporalio.client import WorkflowHandle

from engine.batches import start_batch
from outdial.batches.intake import BatchIntake
from outdial.batches.progress import BatchProgress, progress_of
from outdial.batches.request import BatchRequest, Recipient, Taken
from outdial.models import Attempt, Batch, BatchStatus, Call, SimulatedDial
from outdial.models.base import utc_now
from outdial.store import batches
from tests.running import Running
from workflows.batch_messages import BatchOrder

PATIENCE = 120


def numbers(count: int, start: int = 0) -> list[str]:
    """So many US numbers whose owners all answer and book."""
    return [f"+1202{2_000_000 + start + each:07d}" for each in range(count)]


def recipients(phones: Sequence[str]) -> list[Recipient]:
    """Those people, with what the test's agent needs to know of them."""
    return [Recipient(phone, {"first_name": "Ada"}) for phone in phones]


@dataclass
class Batches:
    """A running worker's batches."""

    running: Running

    def take(self, phones: Sequence[str], **given: Any) -> Taken:
        """A batch that was taken in and whose workflow has not been started."""
        request = BatchRequest(agent_id=self.running.agent.id, **given)
        return self._intake().create(self.running.account, request, recipients(phones))

    def append(self, batch: Batch, phones: Sequence[str]) -> Taken:
        return self._intake().append(self.running.account, batch.id, recipients(phones))

    async def place(self, phones: Sequence[str], order: dict[str, Any] | None = None, **given: Any) -> Batch:
        """A batch on its way; ``order`` goes to its workflow."""
        batch = (await asyncio.to_thread(self.take, phones, **given)).batch
        await self.start(batch, order)
        return batch

    async def start(self, batch: Batch, order: dict[str, Any] | None = None) -> None:
        """Start the workflow of a batch that was taken in."""
        given = BatchOrder(batch.id, batch.due_at, batch.ends_at, **(order or {}))
        await start_batch(self.running.client, batch, given)

    def workflow(self, batch: Batch) -> WorkflowHandle[Any, Any]:
        return self.running.client.get_workflow_handle(batch.id)

    async def ended(self, batch: Batch, patience: float = PATIENCE) -> BatchProgress:
        """The batch's progress once its workflow has ended."""
        await asyncio.wait_for(self.workflow(batch).result(), patience)
        return await asyncio.to_thread(self.progress, batch)

    def progress(self, batch: Batch) -> BatchProgress:
        with self.running.database.read() as session:
            return progress_of(session, batches.load(session, batch.id), utc_now())

    async def until(
        self, batch: Batch, reached: Callable[[BatchProgress], bool], patience: float = PATIENCE
    ) -> BatchProgress:
        """The batch's progress once it is so."""
        deadline = time.monotonic() + patience
        while not reached(progress := await asyncio.to_thread(self.progress, batch)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{batch.id} has come to {progress}")
            await asyncio.sleep(0.05)
        return progress

    async def until_status(self, batch: Batch, status: BatchStatus) -> None:
        """Return once the batch's row has this status."""
        await self.until(batch, lambda _: self.row(batch).status is status)

    def row(self, batch: Batch) -> Batch:
        with self.running.database.read() as session:
            return batches.load(session, batch.id)

    def calls(self, batch: Batch) -> list[Call]:
        with self.running.database.read() as session:
            return list(
                session.exec(select(Call).where(Call.batch_id == batch.id).order_by(col(Call.batch_row)))
            )

    def attempts(self, *of: Batch) -> list[Attempt]:
        """Their attempts, in the order in which they were dialled."""
        query = select(Attempt).where(col(Attempt.batch_id).in_([batch.id for batch in of]))
        with self.running.database.read() as session:
            return list(session.exec(query.order_by(col(Attempt.intended_at))))

    def dials(self, batch: Batch) -> list[str]:
        """The dial keys in the carrier's own book."""
        with self.running.database.read() as session:
            known = {call.id for call in self.calls(batch)}
            return [
                dial.dial_key for dial in session.exec(select(SimulatedDial)) if dial.dial_key[:31] in known
            ]

    def _intake(self) -> BatchIntake:
        return BatchIntake(self.running.database, self.running.settings)


def most_at_once(attempts: Sequence[Attempt]) -> int:
    """How many lines were taken at the busiest moment, by the attempts' own times."""
    assert all(attempt.ended_at is not None for attempt in attempts)
    taken = [(attempt.intended_at, 1) for attempt in attempts]
    freed = [(attempt.ended_at, -1) for attempt in attempts if attempt.ended_at is not None]
    live = most = 0
    for _, change in sorted(taken + freed):  # at the same instant a line is freed first
        live += change
        most = max(most, live)
    return most
