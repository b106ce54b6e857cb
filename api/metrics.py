"""`GET /metrics`: what this process counted, and what the database says, in Prometheus' text format."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import Scope

from api.deps import SettingsDep
from api.gauges import DatabaseGauges
from api.operators import require_operator
from outdial.store.database import Database

REQUESTS: Final = Counter("outdial_http_requests", "Answered requests.", ["method", "route", "status"])
SECONDS: Final = Histogram("outdial_http_request_seconds", "How long they took.", ["method", "route"])

_METHODS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def metrics(request: Request, settings: SettingsDep) -> Response:
    """For whoever has OUTDIAL_METRICS_TOKEN, or, where that is not set, for this machine."""
    require_operator(request, settings.metrics_token, "OUTDIAL_METRICS_TOKEN")
    own: CollectorRegistry = request.app.state.metrics
    return Response(generate_latest(REGISTRY) + generate_latest(own), media_type=CONTENT_TYPE_LATEST)


def registry_of(database: Database) -> CollectorRegistry:
    """What belongs to one application and not to the process."""
    registry = CollectorRegistry()
    registry.register(DatabaseGauges(database))
    return registry


def count_request(scope: Scope, status: int | None, seconds: float) -> None:
    """A request was answered after so many seconds; ``status`` None: its sender had gone."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    # The route's own words, not what was asked for: a path may hold an id, and anybody may ask for any.
    route = getattr(scope.get("route"), "path", None) or "none"
    REQUESTS.labels(method, route, str(status or "none")).inc()
    SECONDS.labels(method, route).observe(seconds)
