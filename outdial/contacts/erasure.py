"""A person's right to be forgotten: the contact goes, and its calls stay without what tells of it."""

from datetime import datetime

from sqlmodel import Session

from outdial.errors import Conflict
from outdial.models import Contact
from outdial.store import contacts, erasure


def erase(session: Session, contact: Contact, now: datetime) -> None:
    """Forget the contact and all that was said with it. Raises Conflict while a call of it has not ended."""
    waiting = contacts.open_calls(session, contact)
    if waiting:
        named = ", ".join(call.id for call in waiting[:5])
        raise Conflict(
            f"{len(waiting)} calls of this contact have not ended; cancel them first: {named}.",
            code="open_calls",
        )
    erasure.erase_calls(session, contacts.calls_of(session, contact), now)
    erasure.erase_contact(session, contact)
    session.flush()
