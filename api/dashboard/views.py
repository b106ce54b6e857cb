"""Pages and fragments out of templates, for one visitor."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.dashboard import words
from api.dashboard.access import Visitor, VisitorDep, csrf_token, is_secure, seals
from api.dashboard.shown import FILTERS
from api.dashboard.zones import zone_names, zone_of
from outdial.errors import Forbidden, OutdialError
from outdial.models.base import utc_now
from outdial.settings import Settings

HERE = Path(__file__).parent
STATIC = HERE / "static"
# Scripts and styles are files of ours; nothing in line, nothing from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
MENU = [
    ("/dashboard", "Overview", False),
    ("/dashboard/calls", "Calls", False),
    ("/dashboard/batches", "Batch calls", True),
    ("/dashboard/campaigns", "Campaigns", False),
    ("/dashboard/agents", "Agents", False),
    ("/dashboard/contacts", "Contacts", False),
    ("/dashboard/do-not-call", "Do not call", False),
    ("/dashboard/webhooks", "Webhooks", False),
    ("/dashboard/settings", "Settings", False),
]
_FLASH = "outdial_flash"


@lru_cache
def templates() -> Environment:
    """The templates: values are escaped, and a name that nobody gave is an error."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    shared: dict[str, Any] = {"asset": asset, "words": words, "zone_names": zone_names}
    environment.globals.update(shared)
    return environment


@lru_cache
def asset(name: str) -> str:
    """The address of a static file; another content has another address."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/dashboard/static/{name}?v={digest}"


class View:
    """Answers one request with pages; ``visitor`` is None before signing in."""

    def __init__(self, request: Request, visitor: Visitor | None) -> None:
        self.request = request
        self._visitor = visitor
        self.zone = zone_of(request)
        self.now = utc_now()

    @property
    def visitor(self) -> Visitor:
        """Who looks. Only pages for those who are signed in ask."""
        assert self._visitor
        return self._visitor

    @property
    def account_id(self) -> str:
        """Whose rows are shown."""
        return self.visitor.account.id

    @property
    def signed_in(self) -> bool:
        """Whether anybody is."""
        return self._visitor is not None

    @property
    def path(self) -> str:
        """The page's own address."""
        return self.request.url.path

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        return self.request.app.state.settings

    def menu(self) -> list[tuple[str, str, bool]]:
        """Where the pages are: address, name, and whether it belongs to the one before."""
        return MENU

    def is_at(self, address: str) -> bool:
        """Whether this page belongs to that entry of the menu."""
        if address == "/dashboard" or self.path == address:
            return self.path == address
        fitting = [entry for entry, *_ in MENU if self.path.startswith(f"{entry}/") or self.path == entry]
        return bool(fitting) and max(fitting, key=len) == address

    def history(self, workflow: str) -> str:
        """Where Temporal shows that workflow."""
        base, namespace = self.settings.temporal_ui_url.rstrip("/"), self.settings.temporal_namespace
        return f"{base}/namespaces/{namespace}/workflows/{workflow}"

    def csrf(self) -> str:
        """The token for this page's forms."""
        return csrf_token(self.request, self.visitor)

    def may(self, role: str) -> bool:
        """Whether the visitor may do that role's things."""
        return self._visitor is not None and self._visitor.may(role)

    def render(self, template: str, **values: Any) -> str:
        """A template's text."""
        return templates().get_template(template).render(view=self, **values)

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A whole page, with what was said on the way to it."""
        said = self._flash()
        response = HTMLResponse(self.render(template, said=said, **values), status)
        if said:
            response.delete_cookie(_FLASH, path="/dashboard")
        return _guarded(response)

    def again(self, template: str, error: OutdialError, **values: Any) -> Response:
        """A form once more, with what was wrong."""
        return self.page(template, status=422, error=error, **values)

    def fragment(self, template: str, **values: Any) -> Response:
        """A part of a page."""
        return _guarded(HTMLResponse(self.render(template, **values)))

    def go(self, address: str, said: str = "", *, wrong: bool = False) -> Response:
        """On to another page, which says so."""
        response = RedirectResponse(address, 303)
        if said:
            sealed = seals(self.request).seal("flash", ("!" if wrong else ".") + said)
            secure = is_secure(self.settings)
            response.set_cookie(
                _FLASH, sealed, max_age=60, path="/dashboard", httponly=True, samesite="lax", secure=secure
            )
        return _guarded(response)

    def _flash(self) -> tuple[str, str] | None:
        sealed = self.request.cookies.get(_FLASH)
        text = sealed and seals(self.request).open("flash", sealed)
        return ("error" if text[0] == "!" else "ok", text[1:]) if text else None


def _guarded(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    # Forms of a page that sends no referrer at all would name no origin either.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _view(request: Request, visitor: VisitorDep) -> View:
    return View(request, visitor)


def _open_view(request: Request) -> View:
    return View(request, None)


ViewDep = Annotated[View, Depends(_view)]
OpenViewDep = Annotated[View, Depends(_open_view)]


def _operator_view(view: ViewDep) -> View:
    return _needing(view, "operator")


def _admin_view(view: ViewDep) -> View:
    return _needing(view, "admin")


def _needing(view: View, role: str) -> View:
    if not view.may(role):
        raise Forbidden(f"This needs the role {role}; ask an admin of your account.")
    return view


OperatorViewDep = Annotated[View, Depends(_operator_view)]
AdminViewDep = Annotated[View, Depends(_admin_view)]
