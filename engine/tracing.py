"""Traces, from a request over its workflow and activities to the webhook.

There are none unless OTEL_EXPORTER_OTLP_ENDPOINT is set. Everything else is set by OpenTelemetry's own environment,
such as OTEL_TRACES_SAMPLER. Its libraries are imported only where traces are on: nobody else pays for them.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import httpx
from temporalio.client import Interceptor

if TYPE_CHECKING:
    from opentelemetry.instrumentation.httpx import RequestInfo
    from opentelemetry.trace import Span

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def is_on() -> bool:
    """Whether the environment says where traces go."""
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not disabled and any(os.environ.get(name) for name in _ENDPOINTS)


def set_up(part: str) -> None:
    """Send this process's traces, as those of ``outdial-<part>`` unless OTEL_SERVICE_NAME says otherwise."""
    if not is_on():
        return
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = Resource.create({"service.name": f"outdial-{part}"}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def interceptors() -> Sequence[Interceptor]:
    """For Temporal's client, and by it for its workers: the trace travels in the headers of what is started."""
    if not is_on():
        return []
    from temporalio.contrib.opentelemetry import TracingInterceptor

    return [TracingInterceptor()]


def traced(transport: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
    """The transport, whose requests carry ``traceparent`` where traces are on."""
    if not is_on():
        return transport
    from opentelemetry.instrumentation.httpx import AsyncOpenTelemetryTransport

    return AsyncOpenTelemetryTransport(transport, request_hook=_by_host)


async def _by_host(span: "Span", request: "RequestInfo") -> None:
    # The rest of a webhook's address may be a secret between its receiver and us.
    host = httpx.URL(str(request.url)).copy_with(path="/", query=None, userinfo=b"")
    for name in ("http.url", "url.full"):
        span.set_attribute(name, str(host))
