"""Starting batches' workflows. The workflow's id is the batch's, so that starting twice is harmless."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError

from outdial.models import Batch
from workflows import names
from workflows.batch_messages import BatchOrder

_PAIRS = {names.STATUS: "status", names.ACCOUNT: "account_id", names.AGENT: "agent_id", names.BATCH: "id"}


async def start_batch(
    client: Client, batch: Batch, order: BatchOrder | None = None, *, rpc_timeout: timedelta | None = None
) -> None:
    """Start the workflow of a recorded batch, unless it runs or has run. Raises RPCError if Temporal is away."""
    try:
        await client.start_workflow(
            names.BATCH_WORKFLOW,
            order or _order(batch),
            id=batch.id,
            task_queue=names.BATCH_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=_attributes(batch),
            static_summary=f"Batch by {batch.agent_id}",
            rpc_timeout=rpc_timeout,
        )
    except WorkflowAlreadyStartedError:
        return


async def start_again_to_end(client: Client, batch: Batch) -> None:
    """Start a batch whose workflow was terminated once more, to end its calls. Harmless if it runs already."""
    await client.start_workflow(
        names.BATCH_WORKFLOW,
        BatchOrder(batch.id, batch.due_at, batch.ends_at, cancel=True),
        id=batch.id,
        task_queue=names.BATCH_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=_attributes(batch),
        static_summary=f"End of a terminated batch by {batch.agent_id}",
    )


def _order(batch: Batch) -> BatchOrder:
    # A schedule's workflow runs from the beginning: also one that is never enabled comes to its end.
    return BatchOrder(batch.id, batch.due_at, batch.ends_at, enabled=batch.live, paused=not batch.live)


async def tell_changed(client: Client, batch_id: str, *, rpc_timeout: timedelta | None = None) -> None:
    """Let the batch's workflow read its row again. Raises RPCError, NOT_FOUND where the batch has ended."""
    await client.get_workflow_handle(batch_id).signal(names.CHANGED, rpc_timeout=rpc_timeout)


def _attributes(batch: Batch) -> TypedSearchAttributes:
    keys = {SearchAttributeKey.for_keyword(name): attribute for name, attribute in _PAIRS.items()}
    return TypedSearchAttributes(
        [SearchAttributePair(key, str(getattr(batch, attribute))) for key, attribute in keys.items()]
    )
