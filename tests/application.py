"""The application as tests make it: anew each, but for what FastAPI works out about its routes."""

from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute

from api.app import create_app
from outdial.settings import Settings

# Working it out takes an application's first request longer than most tests take, and no setting changes it.
_routes: list[BaseRoute] = []


def application(settings: Settings, **parts: Any) -> FastAPI:
    """A new one; ``parts`` stand in for what the settings name."""
    app = create_app(settings, **parts)
    if _routes:
        app.router.routes[:] = _routes
    else:
        _routes.extend(app.router.routes)
    return app
