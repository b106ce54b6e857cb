"""A worker on Temporal's time-skipping test server: days pass in milliseconds while nothing runs."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio.api.testservice.v1 import LockTimeSkippingRequest, UnlockTimeSkippingRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from engine.namespace import add_search_attributes
from outdial.models import Call
from outdial.store.database import Database
from tests.running import Running, running
from tests.temporal_server import TEST_SERVER


@dataclass(frozen=True)
class ServerClock:
    """The test server's time, for threads: activities and admission must see the days pass too."""

    environment: WorkflowEnvironment

    def __call__(self) -> datetime:
        return asyncio.run(self.environment.get_current_time())


@dataclass(frozen=True)
class Skipping:
    """A worker whose server skips time while a call is awaited."""

    worker: Running
    client: Client
    began_at: datetime

    async def call(self, number: str, **given: Any) -> Call:
        """Place a call, due at once unless ``due_at`` is given, and see it to its end, however far away."""
        call = await self.worker.place(number, **{"due_at": self.began_at, **given})
        await self.client.test_service.unlock_time_skipping(UnlockTimeSkippingRequest())
        try:
            return await self.worker.ended(call)
        finally:
            await self.client.test_service.lock_time_skipping(LockTimeSkippingRequest())

    def dialled_at(self, call: Call) -> list[datetime]:
        """When each attempt began."""
        return [attempt.intended_at for attempt in self.worker.attempts(call)]


@asynccontextmanager
async def skipping(database: Database, **settings: Any) -> AsyncGenerator[Skipping]:
    """A worker over this database, on a server of its own, until the block ends."""
    starting = WorkflowEnvironment.start_time_skipping(test_server_existing_path=TEST_SERVER)
    async with await starting as environment:
        await add_search_attributes(environment.client)
        clock = ServerClock(environment)
        async with running(environment.client, database, clock=clock, **settings) as worker:
            yield Skipping(worker, environment.client, await environment.get_current_time())
