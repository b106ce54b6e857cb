"""The web application: `uvicorn api.app:app`, or `create_app()` with settings of one's own."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from api import (
    account,
    agents,
    batches,
    call_actions,
    calls,
    codec,
    contacts,
    do_not_call,
    documentation,
    errors,
    health,
    keys,
    links,
    metrics,
    oauth_clients,
    people,
    tracing,
)
from api.batches import failures
from api.body import BodyLimit
from api.carriers.twilio import lines as twilio_lines
from api.carriers.twilio import messages as twilio_messages
from api.carriers.twilio import sockets as twilio_sockets
from api.carriers.twilio.sockets import LiveTalks
from api.context import RequestContext
from api.dashboard import mount as dashboard
from api.dialects import mount as dialects
from api.gateway import Gateway
from api.load import LoadLimit
from api.queries import KNOWN_PARAMETERS_ONLY
from api.rate_limits import RateLimitHeaders, RateLimits
from api.starting import Starter
from api.webhooks import account as webhook_account
from api.webhooks import deliveries as webhook_deliveries
from api.webhooks import endpoints as webhook_endpoints
from api.webhooks.published import published
from engine.connection import connect
from engine.gateway import Gateway as TemporalGateway
from engine.tracing import set_up as set_up_traces
from outdial import logs
from outdial.carriers.twilio.signatures import Signatures
from outdial.links import Links
from outdial.oauth.tokens import Tokens
from outdial.secrets import SecretBox
from outdial.settings import Settings, get_settings
from outdial.store.database import Database

ROUTERS = (
    # Before the calls: /v1/calls/batch is no call's id.
    *batches.ROUTERS,
    calls.router,
    call_actions.router,
    agents.router,
    contacts.router,
    people.router,
    do_not_call.router,
    keys.router,
    oauth_clients.router,
    account.router,
    webhook_endpoints.router,
    webhook_deliveries.router,
    webhook_account.router,
)
# Asked by carriers, by Temporal's UI, by whoever was sent a link, and by operators' tools.
OTHERS = (
    links.router,
    twilio_lines.router,
    twilio_sockets.router,
    twilio_messages.router,
    codec.router,
    health.router,
    metrics.router,
)
DESCRIPTION = "Durable outbound phone calls with AI agents."


def create_app(
    settings: Settings | None = None, *, database: Database | None = None, gateway: Gateway | None = None
) -> FastAPI:
    """The application. ``database`` and ``gateway`` stand in for those that the settings name."""
    settings = settings or get_settings()
    app = FastAPI(
        title="Outdial",
        version="1",
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(RequestContext),
            Middleware(LoadLimit, limit=settings.max_requests),
            Middleware(RateLimitHeaders),
            Middleware(
                BodyLimit,
                limit=settings.max_body_bytes,
                lists=settings.max_list_bytes,
                files=settings.max_upload_bytes,
            ),
        ],
    )
    app.state.settings = settings
    app.state.database = database or Database.from_settings(settings, "api")
    app.state.gateway = gateway
    app.state.metrics = metrics.registry_of(app.state.database)
    app.state.rate_limits = RateLimits(settings)
    app.state.links = Links(settings)
    app.state.tokens = Tokens.from_settings(settings)
    app.state.secrets = SecretBox.from_settings(settings)
    app.state.twilio_signatures = Signatures(settings)
    app.state.talks = LiveTalks(app.state.database, settings.talk_lost_after / 4)
    errors.install(app)
    failures.install(app)
    documentation.install(app)
    dialects.install(app)
    for part in ROUTERS:
        app.include_router(part, dependencies=KNOWN_PARAMETERS_ONLY)
    for part in OTHERS:
        app.include_router(part)
    app.webhooks.include_router(published)
    dashboard.install(app, settings)
    tracing.instrument(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    if app.state.gateway is None:
        app.state.gateway = await _temporal(app.state.settings)
    app.state.starter = Starter(app.state.database, app.state.gateway)
    beating = asyncio.create_task(app.state.talks.beat())
    yield
    beating.cancel()
    app.state.database.close()


async def _temporal(settings: Settings) -> Gateway:
    # Lazy: the API starts and takes calls while Temporal is away.
    return TemporalGateway(await connect(settings, lazy=True), settings)


def __getattr__(name: str) -> FastAPI:
    # Made when it is first asked for, so that importing this module reads no settings and opens nothing.
    if name != "app":
        raise AttributeError(name)
    settings = get_settings()
    logs.set_up(as_json=settings.log_json, level=settings.log_level)
    set_up_traces("api")
    return globals().setdefault("app", create_app(settings))
