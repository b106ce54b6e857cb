"""Sets a Temporal namespace up: what it keeps, search attributes, Schedules.

May be run at any time, by several at once: `python -m engine.setup`, or `outdial setup` for the database as well.
"""

import asyncio
import os
import sys
from dataclasses import replace
from datetime import timedelta

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
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from engine.connection import connect
from engine.namespace import add_search_attributes, await_search_attributes, settle_namespace
from outdial import logs
from outdial.errors import OutdialError
from outdial.settings import Settings, get_settings
from workflows import names
from workflows.upkeep import Upkeep

# How long a Temporal that has just begun to listen is given, and the pause between tries; seconds.
PATIENCE = 60.0
PAUSE = 0.5

# Nothing that time heals.
_FOR_GOOD = {
    RPCStatusCode.PERMISSION_DENIED,
    RPCStatusCode.UNAUTHENTICATED,
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.UNIMPLEMENTED,
}

# How often each upkeep activity runs; a round that is still running is not doubled.
UPKEEP = {
    names.RECONCILE: timedelta(seconds=15),
    names.MEND_BATCHES: timedelta(seconds=15),
    names.SWEEP_LINES: timedelta(seconds=30),
    names.MEND_DELIVERIES: timedelta(seconds=30),
    names.FORGET: timedelta(hours=1),
    names.FORGET_TRANSCRIPTS: timedelta(hours=1),
    names.FORGET_PAYLOADS: timedelta(hours=1),
    names.TELL_REPORTS: timedelta(seconds=15),
    names.WATCH_TALKS: timedelta(seconds=15),
    names.KEEP_RECORDINGS: timedelta(seconds=30),
    names.DELETE_RECORDINGS: timedelta(hours=1),
}


async def setup(settings: Settings) -> None:
    """Register what the workflows need. Raises RPCError or RuntimeError where Temporal does not answer, and
    OutdialError where something is wrong that waiting does not mend.
    """
    client = await connect(settings)
    await settle_namespace(client, timedelta(days=settings.temporal_retention_days))
    await add_search_attributes(client)
    await await_search_attributes(client)
    for job, every in UPKEEP.items():
        await _schedule(client, settings, job, every)


async def setup_patiently(settings: Settings, patience: float = PATIENCE) -> None:
    """The same, tried again for so many seconds while Temporal is not ready or others are at it, too."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        try:
            return await setup(settings)
        except (RPCError, RuntimeError) as error:
            hopeless = isinstance(error, RPCError) and error.status in _FOR_GOOD
            if hopeless or loop.time() > deadline:
                raise
        await asyncio.sleep(PAUSE)


async def _schedule(client: Client, settings: Settings, job: str, every: timedelta) -> None:
    name = f"outdial-{job.replace('_', '-')}"
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            Upkeep.run, job, id=name, task_queue=settings.task_queue, execution_timeout=timedelta(minutes=15)
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )

    def renewed(known: ScheduleUpdateInput) -> ScheduleUpdate:
        # What an operator has paused stays paused.
        return ScheduleUpdate(replace(schedule, state=known.description.schedule.state))

    try:
        await client.create_schedule(name, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(renewed)


def main() -> None:
    """Set up what the environment's settings name; ends with a sentence and status 1 where that can't be done."""
    settings = get_settings()
    logs.set_up(as_json=settings.log_json, level=settings.log_level)
    try:
        asyncio.run(setup_patiently(settings))
    except OutdialError as error:
        sys.exit(f"{error.field}: {error.message}" if error.field else error.message)
    except (RPCError, RuntimeError) as error:
        sys.exit(f"Temporal at {settings.temporal_address} could not be set up: {error}")
    # All is done; a thread of the SDK that is still at work can crash an interpreter that takes its time to end.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
