"""Traces of requests, where traces are on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from engine import tracing

if TYPE_CHECKING:
    from opentelemetry.trace import Span

_WITHOUT = "healthz,readyz,metrics"


def instrument(app: FastAPI) -> None:
    """Trace the application's requests, but for those that only ask whether it lives."""
    if not tracing.is_on():
        return
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

    FastAPIInstrumentor.instrument_app(
        app, server_request_hook=_without_query, excluded_urls=_WITHOUT, exclude_spans=["receive", "send"]
    )


def _without_query(span: "Span", scope: Mapping[str, Any]) -> None:
    # A query may hold a phone number.
    for name in ("http.url", "http.target", "url.full"):
        span.set_attribute(name, scope["path"])
    span.set_attribute("url.query", "")
