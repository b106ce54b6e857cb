"""The worker: what runs where. `python -m worker` works until SIGTERM, then drains and leaves.

`python -m worker dialling webhooks` does only these kinds of work; see `Kind`.
"""

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxRestrictions

from activities.batch_upkeep import BatchUpkeepActivities
from activities.batches import BatchActivities
from activities.carriers import CarrierActivities
from activities.conversation import ConversationActivities
from activities.dialling import DiallingActivities
from activities.parts import Parts
from activities.records import RecordActivities
from activities.retention import RetentionActivities
from activities.upkeep import UpkeepActivities
from activities.webhooks import WebhookActivities
from engine import tracing
from engine.calls import proceed
from engine.connection import connect
from engine.deliveries import start_deliveries
from engine.log_context import LogContext
from engine.runner import LeanRunner
from engine.telemetry import serve_metrics
from outdial import logs
from outdial.carriers.registry import make_carriers
from outdial.clock import Clock
from outdial.lifecycle import Lifecycle
from outdial.links import Links
from outdial.notifications.registry import make_notifier
from outdial.secrets import SecretBox
from outdial.settings import Settings, get_settings
from outdial.store.database import Database
from workflows import names
from workflows.batch import Batch
from workflows.deliver_webhook import DeliverWebhook
from workflows.outbound_call import OutboundCall
from workflows.upkeep import Upkeep

Tell = Callable[[Client, Sequence[str]], Coroutine[Any, Any, None]]

# How often a worker says that it is alive, in seconds.
ALIVE_EVERY = 5.0

# Our workflow modules import nothing that varies, so they are shared between runs instead of loaded for each.
RUNNER = LeanRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules(
        "outdial", "workflows", "pydantic", "sqlmodel", "opentelemetry"
    )
)


def utc_clock() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def make_parts(settings: Settings, database: Database, client: Client, clock: Clock) -> Parts:
    """The domain's parts for one worker; what they start and tell goes through ``client``."""
    loop = asyncio.get_running_loop()

    def from_thread(tell: Tell) -> Callable[[Sequence[str]], None]:
        def told(ids: Sequence[str]) -> None:
            if ids:
                asyncio.run_coroutine_threadsafe(tell(client, ids), loop).result()

        return told

    return Parts(
        database=database,
        settings=settings,
        carriers=make_carriers(settings, database, clock),
        lifecycle=Lifecycle(Links(settings)),
        clock=clock,
        notifier=make_notifier(settings, database, clock),
        start_deliveries=from_thread(start_deliveries),
        proceed=from_thread(proceed),
    )


class Kind(StrEnum):
    """Kinds of work, each on a task queue of its own, so that a flood of one delays no other."""

    CALLS = "calls"
    DIALLING = "dialling"
    BATCHES = "batches"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True)
class Job:
    """What is done on one task queue; ``rate`` is activities a second by all workers together."""

    queue: str
    workflows: Sequence[type]
    activities: Sequence[Callable[..., Any]]
    slots: int
    rate: float | None = None


def make_jobs(parts: Parts, client: Client) -> dict[Kind, Job]:
    """Every kind of work with what does it."""
    settings = parts.settings
    webhooks = WebhookActivities(parts.database, SecretBox.from_settings(settings), settings, parts.clock)
    dialling = _dialling(parts)
    kept = [*_records(parts), *_upkeep(parts, client), webhooks.mend_deliveries]
    return {
        # With what dials: calls that were started before dialling was set apart ask here for it.
        Kind.CALLS: Job(
            settings.task_queue, [OutboundCall, Upkeep], [*dialling, *kept], settings.worker_calls_slots
        ),
        Kind.DIALLING: Job(
            names.DIALLING_QUEUE, [], dialling, settings.worker_dialling_slots, settings.worker_dialling_rate
        ),
        Kind.BATCHES: Job(names.BATCH_QUEUE, [Batch], _batches(parts, client), settings.worker_batches_slots),
        Kind.WEBHOOKS: Job(
            names.WEBHOOK_QUEUE,
            [DeliverWebhook],
            [webhooks.deliver],
            settings.worker_webhooks_slots,
            settings.worker_webhooks_rate,
        ),
    }


def _dialling(parts: Parts) -> list[Callable[..., Any]]:
    dialling, talk = DiallingActivities(parts), ConversationActivities(parts)
    return [dialling.dial, dialling.look_up, dialling.hang_up, talk.converse, talk.extract]


def _records(parts: Parts) -> list[Callable[..., Any]]:
    records = RecordActivities(parts)
    return [records.note, records.conclude, records.finish, records.notify]


def _upkeep(parts: Parts, client: Client) -> list[Callable[..., Any]]:
    upkeep, carriers = UpkeepActivities(parts, client), CarrierActivities(parts, client)
    retention = RetentionActivities(parts.database, parts.settings, parts.clock)
    return [
        upkeep.reconcile,
        upkeep.sweep_lines,
        carriers.tell_reports,
        carriers.watch_talks,
        carriers.keep_recordings,
        retention.forget,
        retention.forget_transcripts,
        retention.forget_payloads,
        retention.delete_recordings,
        BatchUpkeepActivities(parts, client).mend_batches,
    ]


def _batches(parts: Parts, client: Client) -> list[Callable[..., Any]]:
    batches = BatchActivities(parts, client)
    return [
        batches.read_batch,
        batches.fill,
        batches.end_calls,
        batches.note_batch,
        batches.close_batch,
    ]


def make_worker(client: Client, settings: Settings, job: Job, threads: ThreadPoolExecutor) -> Worker:
    """A worker on the job's task queue, as large as the settings want it."""
    return Worker(
        client,
        task_queue=job.queue,
        workflows=job.workflows,
        activities=job.activities,
        activity_executor=threads,
        workflow_runner=RUNNER,
        interceptors=[LogContext()],
        max_cached_workflows=settings.worker_cache,
        max_concurrent_workflow_tasks=settings.worker_workflow_tasks,
        max_concurrent_workflow_task_polls=settings.worker_workflow_pollers,
        max_concurrent_activities=job.slots,
        max_concurrent_activity_task_polls=settings.worker_activity_pollers,
        max_task_queue_activities_per_second=job.rate,
        graceful_shutdown_timeout=timedelta(seconds=settings.drain),
    )


@asynccontextmanager
async def working(parts: Parts, client: Client, kinds: Iterable[Kind] = tuple(Kind)) -> AsyncGenerator[None]:
    """Work of these kinds is done within the block; after it, what was begun may end for as long as settings say."""
    jobs = make_jobs(parts, client)
    async with AsyncExitStack() as running:
        workers: list[Worker] = []
        for kind in kinds:
            # Threads of their own: those that wait for the carrier keep no records waiting.
            threads = running.enter_context(ThreadPoolExecutor(jobs[kind].slots, thread_name_prefix=kind))
            workers.append(make_worker(client, parts.settings, jobs[kind], threads))
        for worker in workers:
            await running.enter_async_context(worker)
        try:
            yield
        finally:
            await asyncio.gather(*(worker.shutdown() for worker in workers))


async def work(settings: Settings, stop: asyncio.Event, kinds: Iterable[Kind] = tuple(Kind)) -> None:
    """Work until ``stop`` is set, then let what was begun end."""
    client = await connect(settings, runtime=serve_metrics(settings))
    database = Database.from_settings(settings, "worker")
    parts = make_parts(settings, database, client, utc_clock)
    async with working(parts, client, kinds):
        structlog.get_logger().info("worker ready", kinds=[*kinds], carrier=settings.carrier)
        await _stay_alive(settings.worker_alive_file, stop)
    database.close()


async def _stay_alive(file: Path | None, stop: asyncio.Event) -> None:
    """Until ``stop`` is set, touch the file now and then: whoever watches it sees that we are not stuck."""
    while not stop.is_set():
        if file is not None:
            await asyncio.to_thread(file.touch)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), ALIVE_EVERY)


def on_signals(handler: Callable[[], None]) -> None:
    """Call ``handler`` on SIGTERM and SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, handler)


async def run(kinds: Sequence[Kind]) -> None:
    """Do these kinds of work, as the environment's settings say, until told to stop."""
    settings = get_settings()
    logs.set_up(as_json=settings.log_json, level=settings.log_level)
    tracing.set_up("worker")
    stop = asyncio.Event()
    on_signals(stop.set)
    await work(settings, stop, kinds)


def main(
    kinds: Annotated[list[Kind] | None, typer.Argument(help="Kinds of work; all if none is named.")] = None,
) -> None:
    """Do what calls need, until told to stop."""
    asyncio.run(run(kinds or list(Kind)))


if __name__ == "__main__":
    typer.run(main)
