"""A call is moved to another time while an activity is about to answer the workflow with one."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from outdial.carriers.base import CarrierEvent, EventKind, Timed
from outdial.vocabulary import Disposition
from tests.running import PATIENCE
from worker import RUNNER
from workflows import names
from workflows.messages import (
    AttemptEnd,
    CallOrder,
    Dialled,
    DialOrder,
    DialResult,
    Ending,
    Events,
    Finished,
    Next,
    Note,
    Reschedule,
    TalkOrder,
)
from workflows.outbound_call import OutboundCall

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
ANSWERED = CarrierEvent(EventKind.ANSWERED)
ENDED = CarrierEvent(EventKind.ENDED, disposition=Disposition.BUSY)


class Moving:
    """Activities of a call that waits an hour after its first answer; during one of them it is moved to now."""

    def __init__(self, client: Client, during: str) -> None:
        self.dials = 0
        self._client, self._during = client, during

    async def _move(self, during: str) -> None:
        if during == self._during and self.dials == 1:
            call = self._client.get_workflow_handle(activity.info().workflow_id or "")
            await call.signal(OutboundCall.reschedule, Reschedule(datetime.now(UTC)))

    @activity.defn(name=names.DIAL)
    async def dial(self, order: DialOrder) -> Dialled:
        self.dials += 1
        await self._move(names.DIAL)
        if self._during == names.DIAL and self.dials == 1:
            return Dialled(DialResult.HELD, held_until=datetime.now(UTC) + HOUR)
        return Dialled(DialResult.PLACED, script=[Timed(0, ANSWERED)], ring_limit=60, talk_limit=60, grace=1)

    @activity.defn(name=names.CONVERSE)
    async def converse(self, order: TalkOrder) -> Events:
        await self._move(names.CONVERSE)
        return Events([Timed(0, ENDED)])

    @activity.defn(name=names.CONCLUDE)
    async def conclude(self, ended: AttemptEnd) -> Next:
        await self._move(names.CONCLUDE)
        retry_at = datetime.now(UTC) + HOUR if self.dials == 1 else None
        return Next(retry_at, talked=False, reached=False)

    @activity.defn(name=names.NOTE)
    async def note(self, change: Note) -> None:
        return

    @activity.defn(name=names.FINISH)
    async def finish(self, ending: Ending) -> Finished:
        return Finished()


@pytest.mark.parametrize("during", [names.DIAL, names.CONCLUDE])
async def test_the_time_asked_for_holds_over_the_one_answered_then(temporal: str, during: str) -> None:
    """What is held or concluded has a row that can be moved before the workflow hears of it; it is dialled then."""
    async with _moved(temporal, during) as (call, moving):
        await asyncio.wait_for(call.result(), PATIENCE)
        assert moving.dials == 2


async def test_a_live_attempt_is_not_moved(temporal: str) -> None:
    """Moved during the conversation: busy after all, it keeps to its retry's interval."""
    async with _moved(temporal, names.CONVERSE) as (call, moving), asyncio.timeout(PATIENCE):
        while (state := await call.query(OutboundCall.state)).phase != "waiting":
            await asyncio.sleep(0.05)
        assert (state.attempt, moving.dials) == (1, 1)
        assert state.due_at > datetime.now(UTC) + HOUR / 2
        await call.signal(OutboundCall.cancel)
        await call.result()


@asynccontextmanager
async def _moved(
    temporal: str, during: str
) -> AsyncGenerator[tuple[WorkflowHandle[OutboundCall, str], Moving]]:
    client, queue = await Client.connect(temporal), f"moved-{uuid4()}"
    moving = Moving(client, during)
    activities = [moving.dial, moving.converse, moving.conclude, moving.note, moving.finish]
    order = CallOrder("call_moved", "account", "agent", datetime.now(UTC))
    async with Worker(
        client, task_queue=queue, workflows=[OutboundCall], activities=activities, workflow_runner=RUNNER
    ):
        yield await client.start_workflow(OutboundCall.run, order, id=queue, task_queue=queue), moving
