"""Sets a Temporal namespace up: search attributes and Schedules. May be run at any time, by several at once."""

import asyncio
from datetime import timedelta

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
)
from temporalio.service import RPCError, RPCStatusCode

from engine.connection import connect
from outdial.settings import Settings, get_settings
from workflows import names
from workflows.upkeep import Upkeep

ATTRIBUTES = (names.STATUS, names.ACCOUNT, names.AGENT, names.BATCH)

# How often each upkeep activity runs; a round that is still running is not doubled.
UPKEEP = {
    names.RECONCILE: timedelta(seconds=15),
    names.MEND_BATCHES: timedelta(seconds=15),
    names.SWEEP_LINES: timedelta(seconds=30),
    names.MEND_DELIVERIES: timedelta(seconds=30),
    names.FORGET: timedelta(hours=1),
    names.TELL_REPORTS: timedelta(seconds=15),
    names.WATCH_TALKS: timedelta(seconds=15),
    names.KEEP_RECORDINGS: timedelta(seconds=30),
    names.DELETE_RECORDINGS: timedelta(hours=1),
}


async def setup(settings: Settings) -> None:
    """Register what the workflows need. Raises RPCError or RuntimeError where Temporal does not answer."""
    client = await connect(settings)
    await add_search_attributes(client)
    for job, every in UPKEEP.items():
        await _schedule(client, settings, job, every)


async def add_search_attributes(client: Client) -> None:
    """Register the search attributes; those that are there already stay."""
    for name in ATTRIBUTES:
        request = AddSearchAttributesRequest(
            namespace=client.namespace, search_attributes={name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD}
        )
        try:
            await client.operator_service.add_search_attributes(request)
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise


async def _schedule(client: Client, settings: Settings, job: str, every: timedelta) -> None:
    name = f"outdial-{job.replace('_', '-')}"
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            Upkeep.run, job, id=name, task_queue=settings.task_queue, execution_timeout=timedelta(minutes=15)
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )
    try:
        await client.create_schedule(name, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(lambda _: ScheduleUpdate(schedule))


if __name__ == "__main__":
    asyncio.run(setup(get_settings()))
