"""Settings: plan and use, the account's usual terms, keys shown once, members and their links, one's own password."""

from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from api.dashboard.access import Form, FormDep
from api.dashboard.hours import WORKDAYS, hours_of
from api.dashboard.new_call import regions
from api.dashboard.views import AdminViewDep, View, ViewDep
from api.deps import DatabaseDep
from outdial import accounts, keys, members, numbers
from outdial.errors import Invalid, OutdialError
from outdial.models import Account, Invitation
from outdial.models.member import Role
from outdial.plans import LIMITS
from outdial.store import lines
from outdial.store import members as stored
from outdial.store.accounts import find_account, keys_of
from outdial.store.database import Database
from outdial.store.scope import get
from outdial.windows import ALL_DAYS

router = APIRouter(prefix="/settings")

HERE = "/dashboard/settings"


@router.get("")
def show(view: ViewDep, database: DatabaseDep) -> Response:
    """Everything on one page."""
    return _page(view, database)


@router.post("/account")
def change_account(view: AdminViewDep, form: FormDep, database: DatabaseDep) -> Response:
    """What holds for calls that say nothing of it."""
    try:
        given = _usual(view, form)
        with database.write() as session:
            accounts.change(session, find_account(session, view.account_id), given)
    except OutdialError as error:
        return _page(view, database, error=error, usual=_typed(form))
    return view.go(HERE, "Saved. It holds for calls that are dialled from now on.")


@router.post("/keys")
def make_key(view: AdminViewDep, form: FormDep, database: DatabaseDep) -> Response:
    """A new key, shown this once."""
    name = form.text("key_name")[:200]
    if not name:
        return _page(view, database, error=Invalid("Say what the key is for.", field="key_name"))
    with database.write() as session:
        _, secret = keys.create_key(session, view.account_id, name)
    return _page(view, database, shown_once=("key", name, secret))


@router.post("/keys/{key_id}/revoke")
def revoke_key(key_id: str, view: AdminViewDep, _form: FormDep, database: DatabaseDep) -> Response:
    """From now on the key opens nothing."""
    with database.write() as session:
        key = keys.revoke_key(session, view.account_id, key_id)
    return view.go(HERE, f"The key “{key.name}” opens nothing any more.")


@router.post("/members")
def invite(view: AdminViewDep, form: FormDep, database: DatabaseDep) -> Response:
    """A link that makes one member, shown this once."""
    email, role = form.text("email"), form.text("role")
    try:
        if role not in set(Role):
            raise Invalid("Choose a role.", field="role")
        with database.write() as session:
            invitation, token = members.invite(session, view.account_id, Role(role), view.now, email=email)
    except OutdialError as error:
        return _page(view, database, error=error, email=email)
    link = f"{view.settings.base_url}/dashboard/join?token={token}"
    return _page(view, database, shown_once=("link", invitation.email, link))


@router.post("/invitations/{invitation_id}/withdraw")
def withdraw(invitation_id: str, view: AdminViewDep, _form: FormDep, database: DatabaseDep) -> Response:
    """The link lets nobody in any more."""
    with database.write() as session:
        get(session, view.account_id, Invitation, invitation_id).used_at = view.now
    return view.go(HERE, "The invitation is withdrawn.")


@router.post("/members/{member_id}/role")
def change_role(member_id: str, view: AdminViewDep, form: FormDep, database: DatabaseDep) -> Response:
    """What the member may do from now on."""
    role = form.text("role")
    try:
        with database.write() as session:
            member = members.change_role(
                session, view.account_id, member_id, Role(role if role in set(Role) else "viewer")
            )
    except OutdialError as error:
        return view.go(HERE, error.message, wrong=True)
    return view.go(HERE, f"{member.email} is now {member.role}.")


@router.post("/members/{member_id}/remove")
def remove(member_id: str, view: AdminViewDep, _form: FormDep, database: DatabaseDep) -> Response:
    """The member is signed out everywhere and can't sign in."""
    try:
        with database.write() as session:
            members.remove(session, view.account_id, member_id)
    except OutdialError as error:
        return view.go(HERE, error.message, wrong=True)
    return view.go(HERE, "The member is removed.")


@router.post("/password")
def change_password(view: ViewDep, form: FormDep, database: DatabaseDep) -> Response:
    """One's own password; every other browser is signed out."""
    visitor = view.visitor
    try:
        with database.write() as session:
            members.change_password(
                session,
                visitor.member.id,
                form.secret("password"),
                form.secret("new_password"),
                keep_session=visitor.session.id,
                account_id=view.account_id,
            )
    except OutdialError as error:
        return _page(view, database, error=error)
    return view.go(HERE, "Your password is changed. Other browsers are signed out.")


def _page(
    view: View,
    database: Database,
    *,
    error: OutdialError | None = None,
    shown_once: tuple[str, str | None, str] | None = None,
    email: str = "",
    usual: dict[str, Any] | None = None,
) -> Response:
    with database.read() as session:
        shown = _shown(session, view)
    shown["usual"] = usual or _kept(view.visitor.account)
    status = 422 if error else 200
    return view.page("settings.html", status=status, error=error, shown_once=shown_once, email=email, **shown)


def _shown(session: Session, view: View) -> dict[str, Any]:
    account = view.visitor.account
    shown: dict[str, Any] = {
        "account": account,
        "limits": LIMITS[account.plan],
        "in_use": lines.in_use(session, account.id),
        "sessions": stored.sessions_of(session, view.visitor.member, view.now),
        "roles": list(Role),
        "regions": regions(),
        "days": ALL_DAYS,
        "keys": [],
        "members": [],
        "invitations": [],
    }
    if view.may("admin"):
        shown["keys"] = list(reversed(keys_of(session, account.id)))
        shown["members"] = stored.members_of(session, account.id)
        shown["invitations"] = stored.open_invitations(session, account.id, view.now)
    return shown


def _usual(view: View, form: Form) -> dict[str, Any]:
    number, region = form.text("default_caller_id"), form.text("default_region")
    hours = hours_of(form)
    reading = region if numbers.is_region(region) else view.visitor.account.default_region
    return {
        "default_region": region,
        "timezone": form.text("timezone"),
        "default_caller_id": numbers.read_any(number, reading, field="default_caller_id") if number else None,
        "calling_hours": hours.model_dump(mode="json") if hours else None,
    }


def _typed(form: Form) -> dict[str, Any]:
    names = ("default_region", "timezone", "default_caller_id", "opens", "closes")
    return {**{name: form.text(name) for name in names}, "days": form.several("days")}


def _kept(account: Account) -> dict[str, Any]:
    hours = account.calling_hours
    return {
        "default_region": account.default_region,
        "timezone": account.timezone,
        "default_caller_id": account.default_caller_id or "",
        "opens": hours["start"][:5] if hours else "",
        "closes": hours["end"][:5] if hours else "",
        "days": hours["days"] if hours else WORKDAYS,
    }
