"""The web application: `uvicorn api.app:app`, or `create_app()` with settings of one's own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from api import documentation, errors, health
from api.body import BodyLimit
from api.context import RequestContext
from api.gateway import Gateway
from outdial import logs
from outdial.settings import Settings, get_settings
from outdial.store.database import Database

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
        middleware=[Middleware(RequestContext), Middleware(BodyLimit, limit=settings.max_body_bytes)],
    )
    app.state.settings = settings
    app.state.database = database or Database(settings.database)
    app.state.gateway = gateway
    errors.install(app)
    documentation.install(app)
    app.include_router(health.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    if app.state.gateway is None:
        app.state.gateway = await _temporal(app.state.settings)
    yield
    app.state.database.close()


async def _temporal(settings: Settings) -> Gateway:
    from engine.connection import connect
    from engine.gateway import Gateway as TemporalGateway

    # Lazy: the API starts and takes calls while Temporal is away.
    return TemporalGateway(await connect(settings, lazy=True), settings)


def __getattr__(name: str) -> FastAPI:
    # Made when it is first asked for, so that importing this module reads no settings and opens nothing.
    if name != "app":
        raise AttributeError(name)
    settings = get_settings()
    logs.set_up(as_json=settings.log_json, level=settings.log_level)
    return globals().setdefault("app", create_app(settings))
