"""Takes a person out of the rows that tell of them; the rows themselves stay, for the counts and the bills."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, or_, update
from sqlmodel import Session, col, select

from outdial.models import (
    Attempt,
    BatchRejection,
    Call,
    CallEvent,
    CarrierReport,
    Consent,
    Contact,
    Delivery,
    DeliveryState,
    DeliveryTry,
    DoNotCall,
    IdempotentRequest,
    Notification,
    NotificationStatus,
    Recording,
    SimulatedDial,
    Turn,
)
from outdial.store.people import Person
from outdial.store.scope import owned_by

# Names that one statement looks for.
AT_ONCE = 50

ERASED = "erased"
WHY_DEAD = "The person that it tells of was erased."
_OF_THE_PERSON = (
    "contact_id",
    "external_id",
    "number_given",
    "first_name",
    "last_name",
    "full_name",
    "phonetic_first_name",
    "phonetic_last_name",
    "phonetic_full_name",
    "email",
    "initial_message",
    "summary",
    "extracted",
    "extraction_error",
)
# Older than any retention: the next round of upkeep deletes it, here and at the carrier.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def erase_calls(session: Session, calls: Sequence[Call], now: datetime) -> None:
    """Leave of these calls what happened when, and not to whom. Their recordings can't be fetched any more."""
    ids = [call.id for call in calls]
    for call in calls:
        _erase_call(session, call)
    attempts = session.exec(select(Attempt).where(col(Attempt.call_id).in_(ids))).all()
    for attempt in attempts:
        attempt.recording = attempt.error_message = None
        session.add(attempt)
    _run(session, delete(Turn).where(col(Turn.attempt_id).in_([attempt.id for attempt in attempts])))
    _run(session, delete(CarrierReport).where(col(CarrierReport.call_id).in_(ids)))
    _run(session, update(CallEvent).where(col(CallEvent.call_id).in_(ids)).values(detail={}))
    _run(session, update(Recording).where(col(Recording.call_id).in_(ids)).values(created_at=_LONG_AGO))
    _erase_notifications(session, ids)
    keys = [attempt.dial_key for attempt in attempts]
    _run(session, update(SimulatedDial).where(col(SimulatedDial.dial_key).in_(keys)).values(number=ERASED))
    _erase_deliveries(session, ids, now)


def erase_contact(session: Session, contact: Contact) -> None:
    """Delete the contact and its consents. Its calls are erased before."""
    _run(session, delete(Consent).where(col(Consent.contact_id) == contact.id))
    session.flush()
    session.delete(contact)


def erase_rejections(session: Session, rows: Sequence[BatchRejection]) -> None:
    """Leave of refused rows that there was one."""
    for row in rows:
        row.phone, row.external_id, row.reason, row.variables = ERASED, None, ERASED, {}
        session.add(row)


def erase_answers(session: Session, person: Person, calls: Sequence[Call]) -> None:
    """Delete kept answers to requests that name the person, or a call of theirs."""
    names = [person.number, *(call.id for call in calls), *([person.contact.id] if person.contact else [])]
    for start in range(0, len(names), AT_ONCE):
        kept = col(IdempotentRequest.body)
        named = or_(*(kept.contains(name, autoescape=True) for name in names[start : start + AT_ONCE]))
        mine = owned_by(person.account_id, IdempotentRequest)
        _run(session, delete(IdempotentRequest).where(mine, named))


def erase_wishes(session: Session, person: Person) -> None:
    """A number stays on the do-not-call list, or erasing would let it be called; what was noted with it goes."""
    listed = owned_by(person.account_id, DoNotCall), col(DoNotCall.number) == person.number
    _run(session, update(DoNotCall).where(*listed).values(note=""))


def _erase_call(session: Session, call: Call) -> None:
    # Not the same for all: a batch has each number once.
    call.number = f"{ERASED}:{call.id}"
    call.variables, call.client_metadata = {}, {}
    for name in _OF_THE_PERSON:
        setattr(call, name, None)
    session.add(call)


def _erase_notifications(session: Session, call_ids: Sequence[str]) -> None:
    theirs, status = col(Notification.call_id).in_(call_ids), col(Notification.status)
    unsent = status == NotificationStatus.QUEUED
    _run(session, update(Notification).where(theirs, unsent).values(status=NotificationStatus.SUPPRESSED))
    _run(session, update(Notification).where(theirs).values(number=ERASED, text="", error=None))


def _erase_deliveries(session: Session, call_ids: Sequence[str], now: datetime) -> None:
    theirs = col(Delivery.call_id).in_(call_ids)
    for delivery in session.exec(select(Delivery).where(theirs)).all():
        delivery.payload = {"type": delivery.event_type, "call_id": delivery.call_id, ERASED: True}
        if delivery.state is DeliveryState.PENDING:
            delivery.state, delivery.ended_at, delivery.end_reason = DeliveryState.DEAD, now, WHY_DEAD
            delivery.next_try_at = None
        session.add(delivery)
    ids = select(Delivery.id).where(theirs)
    _run(
        session,
        update(DeliveryTry)
        .where(col(DeliveryTry.delivery_id).in_(ids))
        .values(response_body=None, error=None),
    )


def _run(session: Session, statement: Any) -> None:
    session.exec(statement.execution_options(synchronize_session=False))
