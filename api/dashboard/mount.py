"""Puts the dashboard into the application: pages, static files, and errors as pages."""

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.dashboard import (
    agents,
    batch,
    batches,
    call,
    calls,
    campaigns,
    contacts,
    do_not_call,
    endpoints,
    new_batch,
    new_call,
    overview,
    settings,
    sign_in,
    testing,
)
from api.dashboard.access import SignInNeeded, visitor_of
from api.dashboard.counts import Counts
from api.dashboard.seals import Seals
from api.dashboard.views import STATIC, View
from api.errors import Failure, use_renderer
from outdial.settings import Settings

PREFIX = "/dashboard"
# Addresses with a fixed word come before those where any id may stand.
PAGES = (
    sign_in,
    overview,
    new_call,
    calls,
    call,
    new_batch,
    batches,
    batch,
    campaigns,
    testing,
    agents,
    contacts,
    do_not_call,
    endpoints,
    settings,
)
_YEAR = "public, max-age=31536000, immutable"


class Files(StaticFiles):
    """Static files; an address with a version stands for its content for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file."""
        response = await super().get_response(path, scope)
        if b"v=" in scope.get("query_string", b""):
            response.headers["Cache-Control"] = _YEAR
        return response


def install(app: FastAPI, configured: Settings) -> None:
    """Serve the dashboard below /dashboard, and lead people there from the root."""
    app.state.seals = Seals(configured)
    app.state.counts = Counts()
    app.mount(f"{PREFIX}/static", Files(directory=STATIC), name="static")
    for part in PAGES:
        app.include_router(part.router, prefix=PREFIX, include_in_schema=False)
    app.add_api_route("/", _home, include_in_schema=False)
    app.add_exception_handler(SignInNeeded, _to_sign_in)
    use_renderer(app, PREFIX, _error_page)


def _home() -> Response:
    return RedirectResponse(PREFIX)


def _to_sign_in(request: Request, _error: Exception) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": f"{PREFIX}/sign-in"})
    if "text/event-stream" in request.headers.get("accept", ""):
        return Response(status_code=204)
    onward = request.url.path if request.method == "GET" else PREFIX
    return RedirectResponse(f"{PREFIX}/sign-in?onward={onward}", 303)


def _error_page(request: Request, failure: Failure) -> Response:
    try:
        visitor = visitor_of(request, request.app.state.database)
    except Exception:  # a page about an error must not fail for another
        visitor = None
    view = View(request, visitor)
    return view.page("error.html", status=failure.status, failure=failure)
