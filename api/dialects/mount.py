"""Puts the dialects' routes and shapes into the application."""

from fastapi import FastAPI

from api import errors
from api.dialects.revmo import failures as revmo
from api.dialects.revmo import jobs, makecall
from api.dialects.temphone import envelope as temphone
from api.dialects.temphone import routes as scheduled


def install(app: FastAPI) -> None:
    """Before the native routes: `/v1/calls/scheduled` is no call's id."""
    app.include_router(scheduled.router)
    app.include_router(makecall.router)
    errors.use_renderer(app, scheduled.PREFIX, temphone.render, temphone.TemPhoneError)
    for prefix in (makecall.PREFIX, jobs.PREFIX):
        errors.use_renderer(app, prefix, revmo.render, revmo.RevmoError)
    app.include_router(jobs.router)
