"""Many calls that wait: how long they take to be accepted, what they cost in memory, and who falls due among them."""

import asyncio
import time
from collections.abc import Iterator
from itertools import count, islice

import httpx
import psutil
from sqlalchemy import text
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

from bench import lateness
from bench.calls import WARM_UP, one_call, rate
from bench.report import Figure, percentile, say
from bench.stage import Stage
from tests.system.processes import Process
from tests.temporal_server import wait_until_open

CLIENTS = 16
DUE = 100
A_MONTH = 30 * 86_400
MEGABYTE = 1_048_576
START_WITHIN = 120
SETTLE = 5.0


async def measure(stage: Stage, *, calls: int) -> list[Figure]:
    """So many over HTTP, for next month; then 100 more that are due in the same second."""
    stage.api.start()
    await asyncio.to_thread(wait_until_open, stage.settings.api_port, START_WITHIN)
    await rate(lambda: one_call(stage), WARM_UP)
    alone = await lateness.dialled_late(stage, DUE)
    worker, server = _resident(stage.worker), _resident(stage.temporal)
    accepted, started = await _accepted(stage, calls)
    began = time.perf_counter()
    await _all_wait(stage)
    behind = time.perf_counter() - began
    grown = _resident(stage.worker) - worker, _resident(stage.temporal) - server
    among = await lateness.dialled_late(stage, DUE)
    await asyncio.to_thread(stage.api.stop)
    return [
        Figure(f"accepting {calls:,} calls for next month", accepted, "s"),
        Figure("until the last of them has its workflow", started, "s"),
        Figure("until the worker has let all of them begin to wait", behind, "s"),
        Figure("worker memory they take", max(0.0, grown[0]), "MB"),
        Figure("Temporal server memory they take", max(0.0, grown[1]), "MB"),
        Figure(f"{DUE} that fall due among them, p50", percentile(among, 0.5), "s", percentile(alone, 0.5)),
        Figure(f"{DUE} that fall due among them, p99", percentile(among, 0.99), "s", percentile(alone, 0.99)),
    ]


async def _accepted(stage: Stage, calls: int) -> tuple[float, float]:
    """Seconds until all are answered, and until all have their workflows."""
    began, bodies = time.perf_counter(), islice(_bodies(stage), calls)
    headers = {"Authorization": f"Bearer {stage.key}"}
    url = f"http://127.0.0.1:{stage.settings.api_port}"

    async def place(client: httpx.AsyncClient) -> None:
        for body in bodies:
            answer = await client.post("/v1/call", json=body)
            assert answer.status_code == 201, answer.text

    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=60) as client:
        await asyncio.gather(*(place(client) for _ in range(CLIENTS)))
    accepted = time.perf_counter() - began
    say(f"{calls:,} accepted in {accepted:.0f} s")
    while await asyncio.to_thread(_unstarted, stage):
        await asyncio.sleep(0.5)
    return accepted, time.perf_counter() - began


async def _all_wait(stage: Stage) -> None:
    """Until no workflow's first task is waiting for the worker, which may be behind."""
    queue = DescribeTaskQueueRequest(
        namespace=stage.settings.temporal_namespace,
        task_queue=TaskQueue(name=stage.settings.task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        report_stats=True,
    )
    while (await stage.client.workflow_service.describe_task_queue(queue)).stats.approximate_backlog_count:
        await asyncio.sleep(1)
    await asyncio.sleep(SETTLE)


def _bodies(stage: Stage) -> Iterator[dict[str, object]]:
    due = int(time.time()) + A_MONTH
    plain = {"agent_id": stage.agent.id, "variables": {"first_name": "Ada"}, "schedule_at": due}
    return ({**plain, "recipient_phone": f"+1202{2_000_000 + number}"} for number in count())


def _unstarted(stage: Stage) -> int:
    query = text("SELECT count(*) FROM call WHERE NOT workflow_started AND batch_id IS NULL")
    with stage.database.read() as session:
        return session.connection().execute(query).scalar_one()


def _resident(process: Process) -> float:
    return psutil.Process(process.pid).memory_info().rss / MEGABYTE
