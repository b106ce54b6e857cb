"""The floor: workflows that do nothing but what Temporal asks of anybody. `python -m bench.floor` works on them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from temporalio import activity, workflow

QUEUE = "outdial-floor"
# An answered call's: dial, converse, conclude, extract, finish.
ACTIVITIES = 5


@activity.defn
def nothing() -> float:
    """Answers when it ran, in Unix seconds."""
    return datetime.now(UTC).timestamp()


@workflow.defn
class Bare:
    """Waits until ``due`` (Unix seconds), then runs so many activities; answers when the first ran."""

    @workflow.run
    async def run(self, due: float, activities: int) -> float:
        wait = due - workflow.now().timestamp()
        if wait > 0:
            await workflow.sleep(wait)
        ran = [
            await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=30))
            for _ in range(activities)
        ]
        return ran[0]


async def work() -> None:
    """With the settings that our worker has."""
    from engine.connection import connect
    from outdial.settings import get_settings
    from worker import Job, make_worker

    settings = get_settings()
    client, job = await connect(settings), Job(QUEUE, [Bare], [nothing], settings.worker_calls_slots)
    with ThreadPoolExecutor(job.slots) as threads:
        await make_worker(client, settings, job, threads).run()


if __name__ == "__main__":
    # By its name, since the sandbox imports the workflow's module anew.
    from bench import floor

    asyncio.run(floor.work())
