"""The worker: what runs where. `python worker.py` works until SIGTERM, then drains and leaves."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.batch_upkeep import BatchUpkeepActivities
from activities.batches import BatchActivities
from activities.carriers import CarrierActivities
from activities.conversation import ConversationActivities
from activities.dialling import DiallingActivities
from activities.parts import Parts
from activities.records import RecordActivities
from activities.upkeep import UpkeepActivities
from activities.webhooks import WebhookActivities
from engine.connection import connect
from engine.deliveries import start_deliveries
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

THREADS = 40
# Many more than threads: they wait for receivers, and one that hangs must not keep the others waiting.
WEBHOOKS_AT_ONCE = 500
# Each running batch keeps one activity busy, which mostly sleeps.
BATCHES = 500
DRAIN = timedelta(seconds=20)

# Our workflow modules import nothing that varies, so they are shared between runs instead of loaded for each.
RUNNER = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules(
        "outdial", "workflows", "pydantic", "sqlmodel"
    )
)


def utc_clock() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def make_parts(settings: Settings, database: Database, client: Client, clock: Clock) -> Parts:
    """The domain's parts for one worker; its webhooks are started through ``client``."""
    loop = asyncio.get_running_loop()

    def start(ids: Sequence[str]) -> None:
        if ids:
            asyncio.run_coroutine_threadsafe(start_deliveries(client, ids), loop).result()

    return Parts(
        database=database,
        settings=settings,
        carriers=make_carriers(settings, database, clock),
        lifecycle=Lifecycle(Links(settings)),
        clock=clock,
        notifier=make_notifier(settings, database, clock),
        start_deliveries=start,
    )


def make_workers(parts: Parts, client: Client, threads: ThreadPoolExecutor) -> list[Worker]:
    """One worker a task queue: calls apart from webhooks and batches, whose floods never delay a dial."""
    settings = parts.settings
    dialling, records = DiallingActivities(parts), RecordActivities(parts)
    talk, upkeep = ConversationActivities(parts), UpkeepActivities(parts, client)
    webhooks = WebhookActivities(parts.database, SecretBox.from_settings(settings), settings, parts.clock)
    batches, carriers = BatchActivities(parts, client), CarrierActivities(parts, client)
    calls = Worker(
        client,
        task_queue=settings.task_queue,
        workflows=[OutboundCall, Upkeep],
        activities=[
            dialling.dial,
            dialling.look_up,
            dialling.hang_up,
            records.note,
            records.conclude,
            records.finish,
            records.notify,
            talk.converse,
            talk.extract,
            upkeep.reconcile,
            upkeep.sweep_lines,
            upkeep.forget,
            carriers.tell_reports,
            carriers.watch_talks,
            carriers.keep_recordings,
            carriers.delete_recordings,
            webhooks.mend_deliveries,
            BatchUpkeepActivities(parts, client).mend_batches,
        ],
        activity_executor=threads,
        max_concurrent_activities=THREADS,
        max_concurrent_workflow_tasks=THREADS,
        graceful_shutdown_timeout=DRAIN,
        workflow_runner=RUNNER,
    )
    hooks = Worker(
        client,
        task_queue=names.WEBHOOK_QUEUE,
        workflows=[DeliverWebhook],
        activities=[webhooks.deliver],
        max_concurrent_activities=WEBHOOKS_AT_ONCE,
        graceful_shutdown_timeout=DRAIN,
        workflow_runner=RUNNER,
    )
    pumps = Worker(
        client,
        task_queue=names.BATCH_QUEUE,
        workflows=[Batch],
        activities=[
            batches.read_batch,
            batches.fill,
            batches.end_calls,
            batches.note_batch,
            batches.close_batch,
        ],
        max_concurrent_activities=BATCHES,
        graceful_shutdown_timeout=DRAIN,
        workflow_runner=RUNNER,
    )
    return [calls, hooks, pumps]


async def work(settings: Settings, stop: asyncio.Event, clock: Clock = utc_clock) -> None:
    """Work until ``stop`` is set, then let activities end."""
    client = await connect(settings, runtime=serve_metrics(settings))
    database = Database.from_settings(settings, "worker")
    with ThreadPoolExecutor(THREADS, thread_name_prefix="activity") as threads:
        parts = make_parts(settings, database, client, clock)
        async with AsyncExitStack() as running:
            for worker in make_workers(parts, client, threads):
                await running.enter_async_context(worker)
            structlog.get_logger().info(
                "worker ready", task_queue=settings.task_queue, carrier=settings.carrier
            )
            await stop.wait()
    database.close()


def on_signals(handler: Callable[[], None]) -> None:
    """Call ``handler`` on SIGTERM and SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, handler)


async def main() -> None:
    settings = get_settings()
    logs.set_up(as_json=settings.log_json, level=settings.log_level)
    stop = asyncio.Event()
    on_signals(stop.set)
    await work(settings, stop)


if __name__ == "__main__":
    asyncio.run(main())
