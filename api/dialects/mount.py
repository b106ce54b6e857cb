"""Puts the dialects' routes and shapes into the application."""

from fastapi import FastAPI

from api import errors
from api.dialects.mico import calls as mico_calls
from api.dialects.mico import campaigns as mico_campaigns
from api.dialects.mico import failures as mico
from api.dialects.mico import one_call as mico_one_call
from api.dialects.mico import schedules as mico_schedules
from api.dialects.mico import token as mico_token
from api.dialects.mico.totals import Totals
from api.dialects.revmo import failures as revmo
from api.dialects.revmo import jobs, makecall
from api.dialects.temphone import envelope as temphone
from api.dialects.temphone import routes as scheduled
from api.queries import KNOWN_PARAMETERS_ONLY


def install(app: FastAPI) -> None:
    """Before the native routes: `/v1/calls/scheduled` is no call's id."""
    mico_parts = (mico_token, mico_campaigns, mico_schedules, mico_calls, mico_one_call)
    for part in (scheduled, makecall, jobs, *mico_parts):
        app.include_router(part.router, dependencies=KNOWN_PARAMETERS_ONLY)
    app.state.mico_totals = Totals()
    errors.use_renderer(app, "/api/v1", mico.render, mico.MicoError)
    errors.use_renderer(app, mico_token.PATH, mico_token.render, mico_token.TokenError)
    errors.use_renderer(app, scheduled.PREFIX, temphone.render, temphone.TemPhoneError)
    for prefix in (makecall.PREFIX, jobs.PREFIX):
        errors.use_renderer(app, prefix, revmo.render, revmo.RevmoError)
