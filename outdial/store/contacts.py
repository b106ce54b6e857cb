"""Contacts of an account: found by number or by words, with their consents and their calls."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_
from sqlmodel import Session, col
from sqlmodel.sql.expression import SelectOfScalar

from outdial.models import Consent, Contact
from outdial.storable import composed
from outdial.store.scope import rows_of

_SEARCHED = (
    "number",
    "first_name",
    "last_name",
    "full_name",
    "phonetic_first_name",
    "phonetic_last_name",
    "phonetic_full_name",
    "email",
)


def by_number(session: Session, account_id: str, number: str) -> Contact | None:
    """The contact with that E.164 number."""
    return session.exec(rows_of(account_id, Contact).where(Contact.number == number)).first()


def by_numbers(session: Session, account_id: str, numbers: Collection[str]) -> dict[str, Contact]:
    """The contacts that there are with these E.164 numbers, by number."""
    query = rows_of(account_id, Contact).where(col(Contact.number).in_(numbers))
    return {contact.number: contact for contact in session.exec(query)}


def matching(account_id: str, words: Sequence[str]) -> SelectOfScalar[Contact]:
    """A query over contacts whose number, email or names contain each of ``words``; upper and lower case alike."""
    query = rows_of(account_id, Contact)
    for word in map(composed, words):
        query = query.where(
            or_(*(col(getattr(Contact, name)).icontains(word, autoescape=True) for name in _SEARCHED))
        )
    return query


def consents_of(session: Session, contact: Contact) -> Sequence[Consent]:
    """All that the contact ever gave, the latest first."""
    query = rows_of(contact.account_id, Consent).where(Consent.contact_id == contact.id)
    return session.exec(query.order_by(col(Consent.given_at).desc(), col(Consent.id).desc())).all()


def latest_consents(session: Session, account_id: str, contacts: Sequence[Contact]) -> dict[str, Consent]:
    """Each contact's consent that stands, else the one revoked last, by the contact's id."""
    wanted = [contact.id for contact in contacts]
    query = rows_of(account_id, Consent).where(col(Consent.contact_id).in_(wanted))
    found = session.exec(query.order_by(col(Consent.given_at), col(Consent.id))).all()
    by_contact = {consent.contact_id: consent for consent in found}
    return by_contact | {consent.contact_id: consent for consent in found if consent.revoked_at is None}
