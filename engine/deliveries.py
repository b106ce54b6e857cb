"""Starting the workflows of deliveries. The workflow's id is the delivery's: starting twice is harmless."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from workflows import names
from workflows.webhook_messages import DeliveryOrder

START_WITHIN = timedelta(seconds=5)

_log = structlog.get_logger(__name__)


def workflow_id(delivery_id: str) -> str:
    """The id of the workflow that delivers it."""
    return f"webhook-{delivery_id}"


async def start_deliveries(client: Client, ids: Sequence[str]) -> None:
    """Start these, but for those that run. Raises nothing: what Temporal does not take is mended later."""
    await asyncio.gather(*(_start(client, each) for each in ids))


async def redeliver(client: Client, delivery_id: str) -> None:
    """Try at once: wake the workflow if it waits, start another if it has ended. Raises nothing, as above."""
    await _start(client, delivery_id, signal=names.TRY_NOW)


async def _start(client: Client, delivery_id: str, *, signal: str | None = None) -> None:
    try:
        await client.start_workflow(
            names.DELIVER_WEBHOOK,
            DeliveryOrder(delivery_id),
            id=workflow_id(delivery_id),
            task_queue=names.WEBHOOK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=signal,
            static_summary=f"Deliver {delivery_id}",
            rpc_timeout=START_WITHIN,
        )
    except (RPCError, RuntimeError) as error:  # RuntimeError: a lazy client's first connection failed
        _log.warning("webhook.not_started", delivery_id=delivery_id, error=str(error))
