"""Contacts: created or merged by their number, changed; and what an agent may say of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from outdial import numbers
from outdial.errors import Conflict
from outdial.localtime import known_timezone
from outdial.models import Account, Contact
from outdial.storable import check_size, composed
from outdial.store.contacts import by_number

MAX_CUSTOM, MAX_CUSTOM_KIB = 50, 16

# What placeholders may name: {{first_name}}, {{email}}, {{custom.plan}}.
FIELDS = (
    "first_name",
    "last_name",
    "full_name",
    "phonetic_first_name",
    "phonetic_last_name",
    "phonetic_full_name",
    "email",
)


def create_or_merge(
    session: Session, account: Account, number: str, values: Mapping[str, Any], now: datetime
) -> tuple[Contact, bool]:
    """The contact with that number, and whether it is new. ``values`` overwrite what an existing one has.

    ``number`` is in any form that people write. Raises Invalid.
    """
    number = numbers.read_any(number, account.default_region, field="number")
    contact = by_number(session, account.id, number)
    created = contact is None and _created(session, account, number, now)
    contact = created or contact or by_number(session, account.id, number)
    assert contact is not None, "a number that can't be created is there"
    change(session, account, contact, values, now)
    return contact, bool(created)


def change(
    session: Session, account: Account, contact: Contact, values: Mapping[str, Any], now: datetime
) -> None:
    """Set fields of the contact; ``custom`` merges key by key, and null removes one.

    Raises Invalid, or Conflict for a number that another contact has.
    """
    given = dict(values)
    if given.get("timezone") is not None:
        known_timezone(given["timezone"])
    if "number" in given:
        given["number"] = _moved_to(session, account, contact, given["number"])
    if "custom" in given:
        given["custom"] = _merged(contact.custom, given["custom"] or {})
    for name, value in given.items():
        setattr(contact, name, composed(value) if name in FIELDS and value else value)
    contact.updated_at = now
    session.add(contact)
    session.flush()


def told(contact: Contact | None) -> dict[str, Any]:
    """The contact's fields as variables of a call; those that are not known are left out."""
    if contact is None:
        return {}
    fields = {name: getattr(contact, name) for name in FIELDS}
    known = {name: value for name, value in fields.items() if value is not None}
    return {**known, "custom": contact.custom} if contact.custom else known


def columns(contact: Contact | None) -> dict[str, Any]:
    """The contact's names and email as columns of a call."""
    return {name: contact and getattr(contact, name) for name in FIELDS}


def timezone_of(contact: Contact, account: Account) -> str:
    """Where the contact is: as given, else where the number is, else as the account."""
    return contact.timezone or numbers.timezone_of(contact.number, account.timezone)


def _created(session: Session, account: Account, number: str, now: datetime) -> Contact | None:
    """A new contact, None where another request has just created it."""
    contact = Contact(account_id=account.id, number=number, created_at=now, updated_at=now)
    try:
        with session.begin_nested():
            session.add(contact)
    except IntegrityError:
        return None
    return contact


def _moved_to(session: Session, account: Account, contact: Contact, number: str) -> str:
    number = numbers.read_any(number, account.default_region, field="number")
    other = by_number(session, account.id, number)
    if other is not None and other.id != contact.id:
        raise Conflict(f"This is the number of contact {other.id}.", field="number", code="number_taken")
    return number


def _merged(custom: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**custom, **changes}
    kept = {name: value for name, value in merged.items() if value is not None}
    check_size(kept, keys=MAX_CUSTOM, kilobytes=MAX_CUSTOM_KIB, field="custom")
    return kept
