"""The namespace that our workflows live in: how long it keeps them, and what they can be found by."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsRequest,
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from outdial.errors import Unavailable
from workflows import names

ATTRIBUTES = (names.STATUS, names.ACCOUNT, names.AGENT, names.BATCH)
# A server's own caches learn of what is new within a minute.
KNOWN_WITHIN = 90.0
LOOK_EVERY = 0.5

_NOT_OURS = {RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED}

_log = structlog.get_logger(__name__)


async def settle_namespace(client: Client, retention: timedelta) -> None:
    """Make the namespace where there is none, and let it keep what has ended for so long.

    Where we may not, as at a hosted Temporal, that is logged: its operator has decided.
    """
    try:
        if await _retention(client) is None:
            await _register(client, retention)
        elif await _retention(client) != retention:
            await _update(client, retention)
    except RPCError as error:
        if error.status not in _NOT_OURS:
            raise
        _log.warning("namespace.not_ours", namespace=client.namespace, reason=error.message)


async def add_search_attributes(client: Client) -> None:
    """Register the search attributes; those that are there already stay."""
    for name in await _missing(client):
        await _add(client, name)


async def await_search_attributes(client: Client) -> None:
    """Return once they can be used. Raises Unavailable where that does not come about."""
    query = " AND ".join(f"{name} = 'none'" for name in ATTRIBUTES)
    request = CountWorkflowExecutionsRequest(namespace=client.namespace, query=query)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + KNOWN_WITHIN
    while True:
        try:
            await client.workflow_service.count_workflow_executions(request)
            return
        except RPCError as error:
            unknown = error.status in (RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.NOT_FOUND)
            if not unknown or loop.time() > deadline:
                wanted = ", ".join(ATTRIBUTES)
                raise Unavailable(f"Temporal lacks search attributes ({wanted}): {error.message}") from error
        await asyncio.sleep(LOOK_EVERY)


async def _retention(client: Client) -> timedelta | None:
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        described = await client.workflow_service.describe_namespace(request)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


async def _register(client: Client, retention: timedelta) -> None:
    request = RegisterNamespaceRequest(
        namespace=client.namespace, workflow_execution_retention_period=_duration(retention)
    )
    await _unless_there(lambda: client.workflow_service.register_namespace(request))


async def _update(client: Client, retention: timedelta) -> None:
    config = NamespaceConfig(workflow_execution_retention_ttl=_duration(retention))
    request = UpdateNamespaceRequest(namespace=client.namespace, config=config)
    await client.workflow_service.update_namespace(request)


async def _missing(client: Client) -> list[str]:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        known = await client.operator_service.list_search_attributes(request)
    except RPCError as error:
        if error.status in _NOT_OURS | {RPCStatusCode.NOT_FOUND}:
            return list(ATTRIBUTES)
        raise
    return [name for name in ATTRIBUTES if name not in known.custom_attributes]


async def _add(client: Client, name: str) -> None:
    request = AddSearchAttributesRequest(
        namespace=client.namespace, search_attributes={name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD}
    )
    try:
        await _unless_there(lambda: client.operator_service.add_search_attributes(request))
    except RPCError as error:
        if error.status not in _NOT_OURS:
            raise
        _log.warning("search_attribute.not_ours", attribute=name, type="Keyword", reason=error.message)


async def _unless_there(ask: Callable[[], Awaitable[object]]) -> None:
    """Somebody else may do the same at the same time."""
    try:
        await ask()
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


def _duration(span: timedelta) -> Duration:
    duration = Duration()
    duration.FromTimedelta(span)
    return duration
