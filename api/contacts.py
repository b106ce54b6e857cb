"""Contacts: create or merge, list, search, read, change, export, erase; and their consent."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlmodel import Session

from api.deps import DatabaseDep, PageDep, PrincipalDep
from api.do_not_call import number_in_query
from api.errors import renamed_fields
from api.paging import Listing, read_page
from api.schemas.calls import CallPublic
from api.schemas.contacts import (
    ConsentGiven,
    ConsentPublic,
    ContactChange,
    ContactCreate,
    ContactExport,
    ContactPublic,
    ExportedCall,
)
from outdial.contacts import consent, people
from outdial.contacts.erasure import erase
from outdial.models import Account, Call, Contact
from outdial.models.base import utc_now
from outdial.store import calls, contacts
from outdial.store.people import calls_of, person_of
from outdial.store.scope import get
from outdial.transcript import transcript_of

router = APIRouter(prefix="/v1/contacts", tags=["contacts"])

_TAKEN: dict[int | str, dict[str, Any]] = {409: {"description": "Another contact has this number."}}
_OPEN: dict[int | str, dict[str, Any]] = {409: {"description": "A call of the contact has not ended."}}
_MERGED: dict[int | str, dict[str, Any]] = {
    200: {"model": ContactPublic, "description": "The contact that had this number, changed."}
}


@router.post("", status_code=201, summary="Create or merge a contact", responses=_MERGED)
def create(
    body: ContactCreate, principal: PrincipalDep, database: DatabaseDep, response: Response
) -> ContactPublic:
    """201 for a new contact. One that has this number already takes the given fields over: 200."""
    now = utc_now()
    with database.write() as session:
        contact, is_new = people.create_or_merge(session, principal.account, body.number, body.values(), now)
        if body.consent is not None:
            consent.record(session, contact, **body.consent.model_dump(), now=now)
        response.status_code = 201 if is_new else 200
        return _shown(session, principal.account, contact)


@router.get("", summary="List and search contacts")
def list_contacts(
    principal: PrincipalDep,
    database: DatabaseDep,
    page: PageDep,
    q: Annotated[str, Query(max_length=200, description="Words in names, email or number.")] = "",
    number: Annotated[str | None, Query(description="Only this one, E.164.")] = None,
) -> Listing[ContactPublic]:
    """Newest first. Every word of `q` must be found somewhere in the contact."""
    account = principal.account
    query = contacts.matching(account.id, q.split()[:10])
    if number is not None:
        query = query.where(Contact.number == number_in_query(number))
    with database.read() as session:
        rows, following = read_page(session, query, Contact, page)
        consents = contacts.latest_consents(session, account.id, rows)
    shown = [ContactPublic.of(row, people.timezone_of(row, account), consents.get(row.id)) for row in rows]
    return Listing(data=shown, next_cursor=following)


@router.get("/{contact_id}", summary="Read a contact")
def read(contact_id: str, principal: PrincipalDep, database: DatabaseDep) -> ContactPublic:
    """The contact with its consent."""
    with database.read() as session:
        return _shown(session, principal.account, get(session, principal.account.id, Contact, contact_id))


@router.patch("/{contact_id}", summary="Change a contact", responses=_TAKEN)
def change(
    contact_id: str, body: ContactChange, principal: PrincipalDep, database: DatabaseDep
) -> ContactPublic:
    """Calls that are already placed keep what they were told."""
    with database.write() as session:
        contact = get(session, principal.account.id, Contact, contact_id)
        people.change(session, principal.account, contact, body.values(), utc_now())
        return _shown(session, principal.account, contact)


@router.delete("/{contact_id}", status_code=204, summary="Erase a contact", responses=_OPEN)
def delete(contact_id: str, principal: PrincipalDep, database: DatabaseDep) -> Response:
    """The person is forgotten for good. Their calls stay, without number, words, recordings or results."""
    with database.write() as session:
        erase(session, person_of(get(session, principal.account.id, Contact, contact_id)), utc_now())
    return Response(status_code=204)


@router.get("/{contact_id}/export", summary="Export a contact")
def export(contact_id: str, principal: PrincipalDep, database: DatabaseDep) -> ContactExport:
    """All that is kept of the person: the contact, consents, calls, transcripts."""
    with database.read() as session:
        contact = get(session, principal.account.id, Contact, contact_id)
        return ContactExport(
            contact=_shown(session, principal.account, contact),
            consents=[ConsentPublic.model_validate(one) for one in contacts.consents_of(session, contact)],
            calls=[_exported(session, call) for call in calls_of(session, person_of(contact))],
        )


@router.post("/{contact_id}/consents", status_code=201, summary="Record consent")
def record_consent(
    contact_id: str, body: ConsentGiven, principal: PrincipalDep, database: DatabaseDep
) -> ConsentPublic:
    """The contact agreed to be called; what it gave before stays as evidence."""
    with database.write() as session, renamed_fields({"consent.given_at": "given_at"}):
        contact = get(session, principal.account.id, Contact, contact_id)
        return ConsentPublic.model_validate(
            consent.record(session, contact, **body.model_dump(), now=utc_now())
        )


@router.get("/{contact_id}/consents", summary="List a contact's consents")
def list_consents(contact_id: str, principal: PrincipalDep, database: DatabaseDep) -> Listing[ConsentPublic]:
    """All of them, the latest first."""
    with database.read() as session:
        contact = get(session, principal.account.id, Contact, contact_id)
        found = contacts.consents_of(session, contact)
    return Listing(data=[ConsentPublic.model_validate(one) for one in found], next_cursor=None)


@router.post("/{contact_id}/consents/revoke", summary="Revoke consent")
def revoke_consent(contact_id: str, principal: PrincipalDep, database: DatabaseDep) -> ContactPublic:
    """The contact does not agree any more. Harmless twice."""
    with database.write() as session:
        contact = get(session, principal.account.id, Contact, contact_id)
        consent.revoke(session, contact, utc_now())
        session.flush()
        return _shown(session, principal.account, contact)


def _shown(session: Session, account: Account, contact: Contact) -> ContactPublic:
    latest = contacts.latest_consents(session, account.id, [contact]).get(contact.id)
    return ContactPublic.of(contact, people.timezone_of(contact, account), latest)


def _exported(session: Session, call: Call) -> ExportedCall:
    told = CallPublic.of(call, calls.agent_version(session, call).version)
    return ExportedCall.model_validate(
        {
            **dict(told),
            "attempts": calls.attempts_of(session, call),
            "events": calls.events_of(session, call),
            "transcript": transcript_of(session, call).attempts,
        }
    )
