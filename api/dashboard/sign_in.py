"""Signing in and out, and the link that makes a member once."""

from fastapi import APIRouter
from starlette.responses import Response

from api.dashboard.access import COOKIE, FormDep, UnsignedFormDep, keep_session, seals
from api.dashboard.views import OpenViewDep, View, ViewDep
from api.deps import DatabaseDep
from outdial import members
from outdial.errors import OutdialError
from outdial.members import LinkUsed, SignInFailed
from outdial.models import Member, MemberSession
from outdial.store.database import Database
from outdial.store.scope import get

router = APIRouter()

HOME = "/dashboard"


@router.get("/sign-in")
def ask(view: OpenViewDep, onward: str = HOME) -> Response:
    """Email and password."""
    return view.page("sign_in.html", onward=onward, email="", error=None)


@router.post("/sign-in")
def sign_in(view: OpenViewDep, form: UnsignedFormDep, database: DatabaseDep) -> Response:
    """Open a session."""
    email, onward = form.text("email"), form.text("onward")
    try:
        with database.write() as session:
            member = members.sign_in(session, email, form.secret("password"), view.now)
        if member is None:
            raise members.wrong()
    except SignInFailed as error:
        return view.again("sign_in.html", error, onward=onward, email=email)
    return _welcome(view, database, member, onward)


@router.get("/join")
def look_at_link(view: OpenViewDep, database: DatabaseDep, token: str = "") -> Response:
    """What the link invites to."""
    with database.write() as session:
        try:
            invitation, account = members.invitation_of(session, token, view.now)
        except LinkUsed as error:
            return view.page("link_used.html", status=403, error=error)
    return view.page("join.html", token=token, invitation=invitation, account=account, email="", error=None)


@router.post("/join")
def join(view: OpenViewDep, form: UnsignedFormDep, database: DatabaseDep) -> Response:
    """Make the member and sign it in."""
    token, email = form.text("token"), form.text("email")
    try:
        with database.write() as session:
            invitation, account = members.invitation_of(session, token, view.now)
            member = members.join(session, token, email, form.secret("password"), view.now)
    except LinkUsed as error:
        return view.page("link_used.html", status=403, error=error)
    except OutdialError as error:
        with database.write() as session:
            invitation, account = members.invitation_of(session, token, view.now)
        shown = {"token": token, "invitation": invitation, "account": account, "email": email}
        return view.again("join.html", error, **shown)
    return _welcome(view, database, member, HOME)


@router.post("/sign-out")
def sign_out(view: ViewDep, _form: FormDep, database: DatabaseDep) -> Response:
    """End this session, here and on the server."""
    with database.write() as session:
        mine = get(session, view.account_id, MemberSession, view.visitor.session.id)
        session.delete(mine)
    response = view.go("/dashboard/sign-in", "You are signed out.")
    response.delete_cookie(COOKIE, path="/dashboard")
    return response


def _welcome(view: View, database: Database, member: Member, onward: str) -> Response:
    browser = view.request.headers.get("user-agent", "")
    with database.write() as session:
        _, token = members.open_session(session, member, browser, view.now)
    # Only within the dashboard: never on to where a stranger's link points.
    inside = onward.startswith("/dashboard") and "//" not in onward and "\\" not in onward
    response = view.go(onward if inside else HOME)
    keep_session(response, seals(view.request), view.settings, token)
    return response
