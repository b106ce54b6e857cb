"""Carriers' reports: what is known already, and what the workflows were not told yet."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select, update

from outdial.models import Attempt, CarrierReport


def is_known(session: Session, carrier: str, event_id: str) -> bool:
    """Whether the carrier told this before."""
    query = select(CarrierReport.id).where(
        CarrierReport.carrier == carrier, CarrierReport.event_id == event_id
    )
    return session.exec(query).first() is not None


def unsignalled_of(session: Session, attempt: Attempt) -> Sequence[CarrierReport]:
    """What the call's workflow was not told of this attempt, in the order in which it happened."""
    query = select(CarrierReport).where(
        CarrierReport.call_id == attempt.call_id,
        CarrierReport.attempt == attempt.number,
        col(CarrierReport.signalled_at).is_(None),
    )
    return session.exec(query.order_by(col(CarrierReport.sequence), col(CarrierReport.id))).all()


def unsignalled(session: Session, before: datetime, *, limit: int) -> Sequence[CarrierReport]:
    """What no workflow was told although it came before that time, the oldest first."""
    query = select(CarrierReport).where(
        col(CarrierReport.signalled_at).is_(None), CarrierReport.received_at < before
    )
    return session.exec(query.order_by(col(CarrierReport.id)).limit(limit)).all()


def mark_signalled(session: Session, ids: Sequence[int | None], now: datetime) -> None:
    """The workflow was told, or is over."""
    session.exec(update(CarrierReport).where(col(CarrierReport.id).in_(ids)).values(signalled_at=now))
