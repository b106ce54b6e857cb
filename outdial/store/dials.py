"""Dials across all accounts, as the carrier sees them: who claims which of its calls, and who might."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, or_, select

from outdial.models import Attempt, Call, Disposition


def claimed(session: Session, carrier_call_ids: Sequence[str]) -> set[str]:
    """Those of the carrier's calls that an attempt is known to have made."""
    query = select(Attempt.carrier_call_id).where(col(Attempt.carrier_call_id).in_(carrier_call_ids))
    return {found for found in session.exec(query) if found}


def unsettled_rivals(
    session: Session, dial_key: str, number: str, caller_id: str, earliest: datetime, latest: datetime
) -> Sequence[str]:
    """Dial keys of other attempts between the same two numbers at the same time whose fate is not known."""
    query = (
        select(Attempt.dial_key)
        .join(Call, col(Call.id) == col(Attempt.call_id))
        .where(
            Attempt.dial_key != dial_key,
            col(Attempt.carrier_call_id).is_(None),
            Call.number == number,
            Attempt.caller_id == caller_id,
            Attempt.intended_at >= earliest - (latest - earliest),
            Attempt.intended_at <= latest,
            # One that was refused never reached the carrier.
            col(Attempt.error_code).is_(None),
            or_(col(Attempt.disposition).is_(None), Attempt.disposition != Disposition.NOT_PLACED),
        )
    )
    return session.exec(query).all()


def attempt_by_key(session: Session, dial_key: str, *, lock: bool = False) -> Attempt | None:
    """The attempt with that dial key, locked until the transaction ends if asked."""
    query = select(Attempt).where(Attempt.dial_key == dial_key)
    return session.exec(query.with_for_update() if lock else query).first()
