"""All rows that tell of one person: who has a number, whether or not there is a contact with it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import phonenumbers
from sqlalchemy import inspect
from sqlmodel import Session, SQLModel, col, select

from outdial.models import (
    Attempt,
    BatchRejection,
    Call,
    CallEvent,
    CarrierReport,
    Consent,
    Contact,
    Delivery,
    DeliveryTry,
    DoNotCall,
    Notification,
    Recording,
    SimulatedDial,
    Turn,
)
from outdial.store import contacts
from outdial.store.scope import owned_by, rows_of

PAGE = 1_000


@dataclass(frozen=True)
class Person:
    """Who has that E.164 number, as one account knows them."""

    account_id: str
    number: str
    contact: Contact | None


def person_with(session: Session, account_id: str, number: str) -> Person:
    """Whoever has this number; that may be nobody whom the account ever heard of."""
    return Person(account_id, number, contacts.by_number(session, account_id, number))


def person_of(contact: Contact) -> Person:
    """The person that the contact is."""
    return Person(contact.account_id, contact.number, contact)


def calls_of(session: Session, person: Person) -> Sequence[Call]:
    """Their calls, also those that were placed by number alone; the first one first."""
    # Two questions, as each has an index of its own.
    ways = [col(Call.number) == person.number]
    ways += [col(Call.contact_id) == person.contact.id] if person.contact else []
    found = [call for way in ways for call in session.exec(rows_of(person.account_id, Call).where(way))]
    return sorted({call.id: call for call in found}.values(), key=lambda call: (call.created_at, call.id))


def rejections_of(session: Session, person: Person, calls: Sequence[Call]) -> list[BatchRejection]:
    """Rows of uploads that named the person and were refused, however the number was written."""
    rows = {(call.batch_id, call.batch_row) for call in calls}
    is_theirs = _writes(person.number)
    return [
        row
        for row in _rejections(session, person.account_id)
        if is_theirs(row.phone) or (row.batch_id, row.duplicate_of) in rows
    ]


def everything_of(session: Session, person: Person) -> dict[str, list[SQLModel]]:
    """All rows that are kept of the person, by table."""
    calls = calls_of(session, person)
    of_calls = [call.id for call in calls]
    attempts = _rows(session, Attempt, "call_id", of_calls)
    webhooks = _rows(session, Delivery, "call_id", of_calls)
    contact = [person.contact] if person.contact else []
    listed = rows_of(person.account_id, DoNotCall).where(DoNotCall.number == person.number)
    of_attempts = [attempt.id for attempt in attempts]
    found: list[Sequence[SQLModel]] = [
        contact,
        _rows(session, Consent, "contact_id", [one.id for one in contact]),
        session.exec(listed).all(),
        calls,
        attempts,
        _rows(session, Turn, "attempt_id", of_attempts),
        _rows(session, Recording, "call_id", of_calls),
        _rows(session, CallEvent, "call_id", of_calls),
        _rows(session, CarrierReport, "call_id", of_calls),
        _rows(session, SimulatedDial, "dial_key", [attempt.dial_key for attempt in attempts]),
        _rows(session, Notification, "call_id", of_calls),
        webhooks,
        _rows(session, DeliveryTry, "delivery_id", [webhook.id for webhook in webhooks]),
        rejections_of(session, person, calls),
    ]
    return {inspect(type(rows[0])).local_table.description: list(rows) for rows in found if rows}


def _rows(session: Session, model: Any, column: str, values: Sequence[str]) -> Sequence[Any]:
    """Rows of calls and so on that the account was found to own, by id."""
    return session.exec(select(model).where(col(getattr(model, column)).in_(values)).order_by(model.id)).all()


def _rejections(session: Session, account_id: str) -> Iterator[BatchRejection]:
    after = 0
    query = (
        select(BatchRejection).where(owned_by(account_id, BatchRejection)).order_by(col(BatchRejection.id))
    )
    while page := session.exec(query.where(col(BatchRejection.id) > after).limit(PAGE)).all():
        yield from page
        after = page[-1].id or 0


def _writes(number: str) -> Callable[[str], bool]:
    """Whether a text is one of the ways in which people write the number."""
    parsed = phonenumbers.parse(number)
    national = phonenumbers.national_significant_number(parsed)
    ways = {
        national,
        f"0{national}",
        f"{parsed.country_code}{national}",
        f"00{parsed.country_code}{national}",
    }
    return lambda text: re.sub(r"\D", "", text) in ways
