"""Starting calls' workflows. The workflow's id is the call's, so that starting twice is harmless."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from outdial.models import Call
from outdial.settings import Settings
from workflows import names
from workflows.messages import CallOrder
from workflows.outbound_call import OutboundCall

TELL_WITHIN = timedelta(seconds=5)

_log = structlog.get_logger(__name__)

_STATUS = SearchAttributeKey.for_keyword(names.STATUS)
_ACCOUNT = SearchAttributeKey.for_keyword(names.ACCOUNT)
_AGENT = SearchAttributeKey.for_keyword(names.AGENT)
_BATCH = SearchAttributeKey.for_keyword(names.BATCH)


async def start_call(
    client: Client, settings: Settings, call: Call, *, rpc_timeout: timedelta | None = None
) -> None:
    """Start the workflow of a recorded call, unless it runs or has run. Raises RPCError if Temporal is away."""
    try:
        await client.start_workflow(
            OutboundCall.run,
            _order(settings, call),
            id=call.id,
            task_queue=settings.task_queue,
            id_reuse_policy=_reuse(call),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=_attributes(call),
            static_summary=f"Call by {call.agent_id}",
            rpc_timeout=rpc_timeout,
        )
    except WorkflowAlreadyStartedError:
        return


async def proceed(client: Client, ids: Sequence[str]) -> None:
    """Tell these calls that it is their turn. Raises nothing: who is not reached is told again by upkeep."""
    await asyncio.gather(*(_proceed(client, each) for each in ids))


async def _proceed(client: Client, call_id: str) -> None:
    try:
        await client.get_workflow_handle(call_id).signal(names.PROCEED, rpc_timeout=TELL_WITHIN)
    except RPCError as error:
        _log.warning("call.not_told", call_id=call_id, error=str(error))


def _order(settings: Settings, call: Call) -> CallOrder:
    return CallOrder(
        call_id=call.id,
        account_id=call.account_id,
        agent_id=call.agent_id,
        due_at=call.due_at,
        batch_id=call.batch_id,
        attempts_made=call.attempts_made if call.runs > 1 else 0,
        dial_timeout=settings.dial_timeout,
        heartbeat_timeout=settings.heartbeat_timeout,
        dial_queue=names.DIALLING_QUEUE if settings.dialling_apart else None,
    )


def _reuse(call: Call) -> WorkflowIDReusePolicy:
    # A call that is dialled again has a closed workflow; one that has ended in the meantime refuses to dial.
    return WorkflowIDReusePolicy.ALLOW_DUPLICATE if call.runs > 1 else WorkflowIDReusePolicy.REJECT_DUPLICATE


def _attributes(call: Call) -> TypedSearchAttributes:
    pairs = [
        SearchAttributePair(_STATUS, "scheduled"),
        SearchAttributePair(_ACCOUNT, call.account_id),
        SearchAttributePair(_AGENT, call.agent_id),
    ]
    if call.batch_id:
        pairs.append(SearchAttributePair(_BATCH, call.batch_id))
    return TypedSearchAttributes(pairs)
