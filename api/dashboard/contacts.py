"""Contacts: people, what is known of them, their consent, their calls, and forgetting them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.responses import Response

from api.dashboard.access import Form, FormDep
from api.dashboard.views import AdminViewDep, OperatorViewDep, View, ViewDep
from api.deps import DatabaseDep, PageDep
from api.paging import Page, read_page
from outdial import numbers
from outdial.contacts import consent, people
from outdial.contacts.erasure import erase
from outdial.errors import Invalid, OutdialError
from outdial.models import Call, ConsentKind, Contact
from outdial.store import contacts, listing
from outdial.store.database import Database
from outdial.store.do_not_call import is_listed
from outdial.store.people import person_of
from outdial.store.scope import get

router = APIRouter(prefix="/contacts")

HERE = "/dashboard/contacts"
SHOWN_CALLS = 20
_FIELDS = ("number", "first_name", "last_name", "full_name", "email", "timezone")
_NEW: dict[str, str] = dict.fromkeys(_FIELDS, "")


@router.get("")
def show(
    view: ViewDep,
    database: DatabaseDep,
    page: PageDep,
    search: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Newest first, or those whose number, name or email has the words."""
    with database.read() as session:
        wanted = contacts.matching(view.account_id, _words(view, search))
        rows, following = read_page(session, wanted, Contact, page)
        agreed = contacts.latest_consents(session, view.account_id, rows)
    shown: dict[str, Any] = {"contacts": rows, "agreed": agreed, "following": following}
    return view.page("contacts.html", search=search, first=page.after is not None, **shown)


@router.get("/new")
def ask(view: OperatorViewDep) -> Response:
    """The empty form."""
    return _form(view, None, _NEW, None)


@router.post("/new")
def create(view: OperatorViewDep, form: FormDep, database: DatabaseDep) -> Response:
    """A new person; one with that number gets what was typed."""
    values = {name: form.text(name) for name in _FIELDS}
    given = {name: value for name, value in values.items() if value and name != "number"}
    try:
        with database.write() as session:
            account = view.visitor.account
            contact, created = people.create_or_merge(session, account, values["number"], given, view.now)
    except OutdialError as error:
        return _form(view, None, values, error)
    said = "The contact is made." if created else "This number was a contact already; it is up to date now."
    return view.go(f"{HERE}/{contact.id}", said)


@router.get("/{contact_id}")
def show_one(contact_id: str, view: ViewDep, database: DatabaseDep) -> Response:
    """A person, consents and calls."""
    return _page(view, database, contact_id)


@router.get("/{contact_id}/edit")
def ask_change(contact_id: str, view: OperatorViewDep, database: DatabaseDep) -> Response:
    """The form as the contact is now."""
    with database.read() as session:
        contact = get(session, view.account_id, Contact, contact_id)
    return _form(view, contact, {name: getattr(contact, name) or "" for name in _FIELDS}, None)


@router.post("/{contact_id}/edit")
def change(contact_id: str, view: OperatorViewDep, form: FormDep, database: DatabaseDep) -> Response:
    """What is left empty is forgotten."""
    values = {name: form.text(name) for name in _FIELDS}
    given = {name: value or None for name, value in values.items()}
    try:
        with database.write() as session:
            contact = get(session, view.account_id, Contact, contact_id)
            if not values["number"]:
                raise Invalid("A contact has a number.", field="number")
            people.change(session, view.visitor.account, contact, given, view.now)
    except OutdialError as error:
        with database.read() as session:
            contact = get(session, view.account_id, Contact, contact_id)
        return _form(view, contact, values, error)
    return view.go(f"{HERE}/{contact_id}", "Saved.")


@router.post("/{contact_id}/consent")
def record_consent(contact_id: str, view: OperatorViewDep, form: FormDep, database: DatabaseDep) -> Response:
    """The person agreed to be called; by what this can be proven."""
    try:
        kind, source = _consent(form)
        with database.write() as session:
            contact = get(session, view.account_id, Contact, contact_id)
            consent.record(session, contact, kind, source, given_at=None, now=view.now)
    except OutdialError as error:
        return _page(view, database, contact_id, error=error)
    return view.go(f"{HERE}/{contact_id}", "The consent is recorded.")


@router.post("/{contact_id}/revoke")
def revoke_consent(contact_id: str, view: OperatorViewDep, _form: FormDep, database: DatabaseDep) -> Response:
    """The person does not agree any more."""
    with database.write() as session:
        consent.revoke(session, get(session, view.account_id, Contact, contact_id), view.now)
    return view.go(f"{HERE}/{contact_id}", "The consent is revoked.")


@router.post("/{contact_id}/forget")
def forget(contact_id: str, view: AdminViewDep, _form: FormDep, database: DatabaseDep) -> Response:
    """The contact goes, and its calls stay without what tells of it."""
    try:
        with database.write() as session:
            erase(session, person_of(get(session, view.account_id, Contact, contact_id)), view.now)
    except OutdialError as error:
        return view.go(f"{HERE}/{contact_id}", error.message, wrong=True)
    return view.go(HERE, "The person is forgotten.")


def _words(view: View, search: str) -> list[str]:
    try:
        return [numbers.read_any(search, view.visitor.account.default_region, field="search")]
    except OutdialError:
        return search.split()[:5]


def _consent(form: Form) -> tuple[ConsentKind, str]:
    kind, source = form.text("kind"), form.text("source")[:500]
    if kind not in set(ConsentKind) or not source:
        raise Invalid("Say where the consent can be proven: a form, a recording, a contract.", field="source")
    return ConsentKind(kind), source


def _form(
    view: View, contact: Contact | None, values: dict[str, str], error: OutdialError | None
) -> Response:
    status = 422 if error else 200
    return view.page("contact_form.html", status=status, contact=contact, values=values, error=error)


def _page(view: View, database: Database, contact_id: str, *, error: OutdialError | None = None) -> Response:
    with database.read() as session:
        shown = _shown(session, view, get(session, view.account_id, Contact, contact_id))
    return view.page(
        "contact.html", status=422 if error else 200, error=error, kinds=list(ConsentKind), **shown
    )


def _shown(session: Session, view: View, contact: Contact) -> dict[str, Any]:
    wanted = listing.CallFilter(number=contact.number)
    query = listing.calls_matching(session, view.account_id, wanted)
    return {
        "contact": contact,
        "consents": contacts.consents_of(session, contact),
        "calls": read_page(session, query, Call, Page(SHOWN_CALLS))[0],
        "named": {},
        "timezone": people.timezone_of(contact, view.visitor.account),
        "forbidden": is_listed(session, view.account_id, contact.number, view.now),
    }
