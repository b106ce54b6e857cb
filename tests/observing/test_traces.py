"""One trace, from the request that asked for a call to the webhook that tells of its end; and logs that join on it."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from temporalio.client import WorkflowHistory
from temporalio.contrib.opentelemetry import TracingInterceptor

from tests.observing.collector import Collector, collecting
from tests.observing.placing import place
from tests.replay.histories import read, replay, saved
from tests.system.marks import ON_SQLITE
from tests.system.stand import PATIENCE, Stand, standing, until
from tests.temporal_server import wait_until_open

pytestmark = pytest.mark.anyio

REQUEST = "POST /v1/call"
STEPS = (
    REQUEST,
    "StartWorkflow:OutboundCall",
    "RunWorkflow:OutboundCall",
    "RunActivity:dial",
    "RunActivity:finish",
    "StartWorkflow:DeliverWebhook",
    "RunWorkflow:DeliverWebhook",
    "POST",
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Seen:
    """What came of one call: its spans, its webhooks' headers, and both processes' log lines."""

    call_id: str
    collector: Collector
    request: Span
    traceparents: list[str]
    logs: dict[str, list[dict[str, Any]]]
    history: WorkflowHistory


@ON_SQLITE
async def test_a_call_is_one_trace_that_its_logs_join(tmp_path: Path, database_url: str) -> None:
    """From the request over workflow and activities to the webhook, whose receiver can go on with it."""
    seen = await _called(tmp_path, database_url)
    trace = seen.collector.trace_of(seen.request)
    trace_id = seen.request.trace_id.hex()
    assert set(STEPS) <= {span.name for span in trace}
    assert all(_reaches_the_request(trace))
    assert seen.traceparents
    assert all(trace_id in each for each in seen.traceparents)
    assert "shared-with-us" not in str(seen.collector.spans)
    assert "2025550123" not in str(seen.collector.spans)
    for process, event in (("api", "call.started"), ("worker", "dial.placed"), ("worker", "webhook.tried")):
        lines = [line for line in seen.logs[process] if line["event"] == event]
        assert {(line["call_id"], line["trace_id"]) for line in lines} == {(seen.call_id, trace_id)}
    await replay(seen.history)


@pytest.mark.parametrize("path", saved(), ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_a_call_that_began_without_traces_goes_on_with_them(path: Path) -> None:
    """Turning traces on or off leaves every call that waits as it was."""
    await replay(read(path), TracingInterceptor(always_create_workflow_spans=True))


async def _called(folder: Path, database_url: str) -> Seen:
    async with standing(folder, database_url, simulated_speed=1000, log_json=True) as stand:
        with collecting() as collector:
            await _start(stand, collector)
            call_id = await asyncio.to_thread(place, stand)
            await stand.ended(stand.recorded())
            await until(lambda: _is_complete(collector), "all spans have come")
            return Seen(
                call_id,
                collector,
                collector.named(REQUEST)[0],
                [received.headers["traceparent"] for received in stand.receiver.received],
                {name: _lines(folder / f"{name}.log") for name in ("api", "worker")},
                await stand.seen.client.get_workflow_handle(call_id).fetch_history(),
            )


async def _start(stand: Stand, collector: Collector) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    for process in (stand.api, stand.worker):
        process.environment = {**process.environment, **environment}
        process.start()
    await asyncio.to_thread(wait_until_open, stand.seen.settings.api_port, PATIENCE)


def _is_complete(collector: Collector) -> bool:
    asked = collector.named(REQUEST)
    trace = collector.trace_of(asked[0]) if asked else []
    return set(STEPS) <= {span.name for span in trace} and all(_reaches_the_request(trace))


def _reaches_the_request(trace: list[Span]) -> list[bool]:
    """Of each webhook's request, whether one gets from it to what asked for the call."""
    return [_ancestors(trace, span)[-1] == REQUEST for span in trace if span.name == "POST"]


def _ancestors(trace: list[Span], span: Span) -> list[str]:
    """The names of a span and of those above it."""
    above = next((each for each in trace if each.span_id == span.parent_span_id), None)
    return [span.name, *(_ancestors(trace, above) if above is not None else [])]


def _lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
