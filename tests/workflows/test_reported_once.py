"""An activity that its server has given up and started again runs twice at once: what it does is done once."""

import asyncio
from contextlib import suppress
from datetime import datetime
from threading import Barrier, BrokenBarrierError

import pytest
from sqlmodel import select
from temporalio.testing import ActivityEnvironment

from activities.records import RecordActivities
from outdial.models import Delivery
from outdial.models.base import utc_now
from outdial.store.database import Database
from outdial.vocabulary import CallStatus
from tests.running import running
from worker import make_parts
from workflows.messages import Ending

pytestmark = pytest.mark.anyio


async def test_a_call_whose_end_is_recorded_twice_at_once_is_reported_once(
    temporal: str, database: Database
) -> None:
    """One event and one webhook, on either database."""
    both = Barrier(2)

    def clock() -> datetime:
        # Each waits for the other to have read the call; if one has to wait for it, nobody comes.
        with suppress(BrokenBarrierError):
            both.wait(1)
        return utc_now()

    async with running(temporal, database) as outdial:
        call = outdial.record(webhook_url="http://127.0.0.1:9/hook")
        records = RecordActivities(make_parts(outdial.settings, database, outdial.client, clock))
        ending = Ending(call.id, CallStatus.FAILED, "invalid")
        finish = [asyncio.to_thread(ActivityEnvironment().run, records.finish, ending) for _ in range(2)]
        await asyncio.gather(*finish)
    with database.read() as session:
        owed = session.exec(select(Delivery.event_type).where(Delivery.call_id == call.id)).all()
    assert owed == ["call.failed"]
    assert outdial.events(call) == ["call.failed"]
