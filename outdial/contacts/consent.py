"""Consent to be called: recorded with its evidence, revoked, and asked for before a call."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from outdial.errors import Invalid
from outdial.models import Account, Consent, ConsentKind, Contact
from outdial.store import contacts

MISSING = "consent_missing"


def record(
    session: Session,
    contact: Contact,
    kind: ConsentKind,
    source: str,
    *,
    given_at: datetime | None,
    now: datetime,
) -> Consent:
    """The contact agreed to be called. Raises Invalid for a time that is yet to come."""
    if given_at is not None and given_at > now:
        raise Invalid("Consent can't be given in the future.", field="consent.given_at")
    consent = Consent(
        account_id=contact.account_id,
        contact_id=contact.id,
        kind=kind,
        source=source,
        given_at=given_at or now,
        created_at=now,
    )
    session.add(consent)
    session.flush()
    return consent


def revoke(session: Session, contact: Contact, now: datetime) -> None:
    """The contact does not agree any more; harmless where there was no consent."""
    for consent in contacts.consents_of(session, contact):
        consent.revoked_at = consent.revoked_at or now
        session.add(consent)


def stands(session: Session, contact: Contact) -> bool:
    """Whether there is a consent that was not revoked."""
    return any(consent.revoked_at is None for consent in contacts.consents_of(session, contact))


def may_call(session: Session, account: Account, number: str) -> bool:
    """Whether the account may call the number as far as consent goes: it need not ask, or has it."""
    if not account.consent_required:
        return True
    contact = contacts.by_number(session, account.id, number)
    return contact is not None and stands(session, contact)


def consenting(session: Session, account: Account, people: Sequence[Contact]) -> set[str]:
    """The ids of those of the contacts whose consent stands."""
    latest = contacts.latest_consents(session, account.id, people)
    return {contact_id for contact_id, given in latest.items() if given.revoked_at is None}
