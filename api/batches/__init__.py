"""Batches over HTTP: created, uploaded, watched, steered, reported."""

from api.batches import actions, events, files, reports, routes

ROUTERS = (routes.router, files.router, actions.router, reports.router, events.router)

__all__ = ["ROUTERS"]
