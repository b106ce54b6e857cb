"""Somebody answers and is gone again before anything could be said to them."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from outdial.carriers.base import CarrierEvent, EventKind
from worker import RUNNER
from workflows import names
from workflows.messages import (
    AttemptEnd,
    CallOrder,
    CarrierNews,
    Dialled,
    DialOrder,
    DialResult,
    Ending,
    Finished,
    Next,
    TalkOrder,
)
from workflows.outbound_call import OutboundCall

pytestmark = pytest.mark.anyio

ANSWERED, ENDED = CarrierEvent(EventKind.ANSWERED), CarrierEvent(EventKind.ENDED)


class Busy:
    """Activities of workers so busy that a talk gets nowhere."""

    def __init__(self) -> None:
        self.talking = asyncio.Event()
        self.concluded: asyncio.Future[AttemptEnd] = asyncio.get_running_loop().create_future()

    @activity.defn(name=names.DIAL)
    async def dial(self, order: DialOrder) -> Dialled:
        return Dialled(DialResult.PLACED, ring_limit=60, talk_limit=60, grace=1)

    @activity.defn(name=names.CONVERSE)
    async def converse(self, order: TalkOrder) -> None:
        self.talking.set()
        await asyncio.Event().wait()

    @activity.defn(name=names.CONCLUDE)
    async def conclude(self, ended: AttemptEnd) -> Next:
        self.concluded.set_result(ended)
        return Next(None, talked=False, reached=True)

    @activity.defn(name=names.FINISH)
    async def finish(self, ending: Ending) -> Finished:
        return Finished()


async def test_an_answer_is_kept_though_the_talk_kept_nothing(temporal: str) -> None:
    """What the talk was to keep goes to the attempt's end, or the call would pass for one that nobody answered."""
    client, queue, busy = await Client.connect(temporal), f"short-{uuid4()}", Busy()
    order = CallOrder("call_short", "account", "agent", datetime.now(UTC))
    activities = [busy.dial, busy.converse, busy.conclude, busy.finish]
    worker = Worker(
        client, task_queue=queue, workflows=[OutboundCall], activities=activities, workflow_runner=RUNNER
    )
    async with worker:
        call = await client.start_workflow(OutboundCall.run, order, id=queue, task_queue=queue)
        await call.signal(OutboundCall.carrier_event, CarrierNews(1, ANSWERED))
        await busy.talking.wait()
        await call.signal(OutboundCall.carrier_event, CarrierNews(1, ENDED))
        assert (await busy.concluded).events == [ANSWERED]
        await call.result()
