"""Who looks at a page: the session in a cookie, what its member may do, and proof that a form is ours."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from api.dashboard.seals import Seals
from api.deps import DatabaseDep
from outdial import members
from outdial.errors import Forbidden
from outdial.models import Account, Member, MemberSession
from outdial.models.base import utc_now
from outdial.models.member import Role
from outdial.settings import Settings

COOKIE = "outdial_session"
_SESSION, _CSRF = "session", "csrf:"


class SignInNeeded(Exception):
    """Nobody is signed in."""


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in."""

    session: MemberSession
    member: Member
    account: Account

    def may(self, role: str) -> bool:
        """Whether that role's things may be done."""
        return self.member.role.may(Role(role))


def seals(request: Request) -> Seals:
    """The application's seals."""
    return request.app.state.seals


def keep_session(response: Response, sealing: Seals, settings: Settings, token: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        COOKIE,
        sealing.seal(_SESSION, token),
        max_age=int(members.SESSION_LASTS.total_seconds()),
        path="/dashboard",
        httponly=True,
        samesite="lax",
        secure=is_secure(settings),
    )


def is_secure(settings: Settings) -> bool:
    """Whether browsers reach us by https, so that cookies may insist on it."""
    return settings.base_url.startswith("https://")


def visitor_of(request: Request, database: DatabaseDep) -> Visitor:
    """Who is signed in. Raises SignInNeeded."""
    sealed = request.cookies.get(COOKIE)
    token = sealed and seals(request).open(_SESSION, sealed)
    if not token:
        raise SignInNeeded
    with database.read() as session:
        found = members.session_of(session, token, utc_now())
    if found is None:
        raise SignInNeeded
    return Visitor(*found)


VisitorDep = Annotated[Visitor, Depends(visitor_of)]


def csrf_token(request: Request, visitor: Visitor) -> str:
    """What every form of this visitor carries."""
    return seals(request).sign(_CSRF + visitor.session.id)


class Form:
    """A posted form whose origin is proven; texts come without surrounding blanks."""

    def __init__(self, values: FormData) -> None:
        self.values = values

    def text(self, name: str) -> str:
        """The field's text, empty where it was left out."""
        value = self.values.get(name, "")
        return value.strip().replace("\r\n", "\n").replace("\0", "") if isinstance(value, str) else ""

    def optional(self, name: str) -> str | None:
        """The same, None where it is empty."""
        return self.text(name) or None

    def secret(self, name: str) -> str:
        """The field's text exactly as it was typed."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ""

    def several(self, name: str) -> list[str]:
        """All values of a field that may come more than once."""
        return [value.strip() for value in self.values.getlist(name) if isinstance(value, str)]

    def named(self, prefix: str) -> dict[str, str]:
        """Fields called ``prefix`` and a name, by that name; empty ones are left out."""
        own = [name for name in self.values if name.startswith(prefix)]
        return {name.removeprefix(prefix): self.text(name) for name in own if self.text(name)}

    def upload(self, name: str) -> UploadFile | None:
        """The file that was chosen, None if there is none."""
        value = self.values.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None


async def unsigned_form(request: Request) -> Form:
    """A form of somebody who is not signed in. Raises Forbidden where another site sent it."""
    check_origin(request)
    return Form(await request.form())


async def signed_form(request: Request, visitor: VisitorDep) -> Form:
    """A form of who is signed in. Raises Forbidden without our token, or where another site sent it."""
    check_origin(request)
    form = Form(await request.form())
    if not seals(request).is_signed(_CSRF + visitor.session.id, _ascii(form.text("csrf"))):
        raise Forbidden("This page was open for too long, or in another session. Reload it and try again.")
    return form


def _ascii(text: str) -> str:
    # Signatures are compared in constant time, which Python does for ASCII alone.
    return text if text.isascii() else ""


FormDep = Annotated[Form, Depends(signed_form)]
UnsignedFormDep = Annotated[Form, Depends(unsigned_form)]


def check_origin(request: Request) -> None:
    """Raises Forbidden where the browser says that another site's page sent this."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    elsewhere = site not in ("same-origin", "none") if site else False
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        elsewhere = True
    if elsewhere:
        raise Forbidden("This form was sent from another site.")
