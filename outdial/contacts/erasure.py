"""A person's rights: to have all that is kept of them, and to be forgotten."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from outdial.errors import Conflict
from outdial.store import erasure, people
from outdial.store.people import Person

NAMED = 5


def export(session: Session, person: Person) -> Mapping[str, list[dict[str, Any]]]:
    """All that is kept of the person, every column of every row, by table."""
    found = people.everything_of(session, person)
    return {
        table: [row.model_dump(mode="json", exclude={"account_id"}) for row in rows]
        for table, rows in found.items()
    }


def erase(session: Session, person: Person, now: datetime) -> None:
    """Forget the person and all that was said with them; what happened when stays, without telling of whom.

    A wish not to be called stays too. Raises Conflict while a call of theirs has not ended.
    """
    calls = people.calls_of(session, person)
    waiting = [call for call in calls if call.ended_at is None]
    if waiting:
        named = ", ".join(call.id for call in waiting[:NAMED])
        raise Conflict(
            f"{len(waiting)} calls of this person have not ended; cancel them first: {named}.",
            code="open_calls",
        )
    erasure.erase_rejections(session, people.rejections_of(session, person, calls))
    erasure.erase_answers(session, person, calls)
    erasure.erase_calls(session, calls, now)
    erasure.erase_wishes(session, person)
    if person.contact is not None:
        erasure.erase_contact(session, person.contact)
    session.flush()
