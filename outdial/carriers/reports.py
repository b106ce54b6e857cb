"""What carriers tell by callback: written down once, then signalled to the call's workflow, in their order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter
from sqlmodel import Session

from outdial.carriers.base import CarrierEvent, EventKind
from outdial.models import Attempt, AttemptState, CarrierReport
from outdial.store import dials, reports

_EVENT: Final = TypeAdapter(CarrierEvent)
_RANK: Final = {kind: rank for rank, kind in enumerate(EventKind)}


def take_in(
    session: Session, dial_key: str, carrier_call_id: str, events: Sequence[CarrierEvent], now: datetime
) -> list[CarrierReport]:
    """Write the events down, each once; answers those of the attempt that are not signalled yet, in order.

    The attempt learns its carrier's id here if the dial's own answer is still under way, or was lost. The
    callback's address carries our key, so it also corrects an id that was found by searching.
    """
    attempt = dials.attempt_by_key(session, dial_key, lock=True)
    if attempt is None:
        return []
    claim(session, attempt, carrier_call_id, now)
    for event in events:
        _write(session, attempt, carrier_call_id, event, now)
    session.flush()
    return list(reports.unsignalled_of(session, attempt))


def event_in(report: CarrierReport) -> CarrierEvent:
    """The event of a report."""
    return _EVENT.validate_python(report.event)


def claim(session: Session, attempt: Attempt, carrier_call_id: str, now: datetime) -> None:
    """The carrier's own word that this call of its is that attempt."""
    attempt.carrier_call_id = carrier_call_id
    attempt.placed_at = attempt.placed_at or now
    if attempt.state is AttemptState.INTENDED:
        attempt.state = AttemptState.PLACED
    session.add(attempt)


def _write(
    session: Session, attempt: Attempt, carrier_call_id: str, event: CarrierEvent, now: datetime
) -> None:
    # A call has each kind of event once, so that repetitions, and what a look-up tells anew, have the same name.
    event_id = f"{carrier_call_id}:{event.kind}"
    if reports.is_known(session, attempt.carrier, event_id):
        return
    session.add(
        CarrierReport(
            account_id=attempt.account_id,
            carrier=attempt.carrier,
            event_id=event_id,
            call_id=attempt.call_id,
            attempt=attempt.number,
            sequence=_RANK[event.kind],
            event=_EVENT.dump_python(event, mode="json"),
            received_at=now,
        )
    )
