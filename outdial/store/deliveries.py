"""Deliveries: as an account lists them, as workflows move them, and what should have been tried by now."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import text, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from outdial.models import Account, Delivery, DeliveryState, DeliveryTry
from outdial.store.scope import rows_of

# Written out, so that both databases see that the partial index fits.
_PENDING = text("state = 'pending'")


@dataclass(frozen=True)
class DeliveryFilter:
    """What to list; None does not narrow."""

    state: DeliveryState | None = None
    event_type: str | None = None
    call_id: str | None = None
    endpoint_id: str | None = None


def matching(account_id: str, wanted: DeliveryFilter) -> SelectOfScalar[Delivery]:
    """A query over the account's deliveries that match all of the filter."""
    query = rows_of(account_id, Delivery)
    for name, value in asdict(wanted).items():
        query = query if value is None else query.where(getattr(Delivery, name) == value)
    return query


def find(session: Session, delivery_id: str) -> Delivery | None:
    """The delivery that a workflow of ours names."""
    return session.get(Delivery, delivery_id)


def locked(session: Session, delivery_id: str) -> Delivery:
    """The delivery, locked until the transaction ends. Raises NoResultFound where there is none."""
    return session.exec(select(Delivery).where(Delivery.id == delivery_id).with_for_update()).one()


def account_of(session: Session, delivery: Delivery) -> Account:
    """Whose event it is."""
    return session.get_one(Account, delivery.account_id)


def tries_of(session: Session, delivery: Delivery) -> Sequence[DeliveryTry]:
    """The delivery's tries, the first one first."""
    of_it = select(DeliveryTry).where(DeliveryTry.delivery_id == delivery.id)
    return session.exec(of_it.order_by(col(DeliveryTry.number), col(DeliveryTry.id))).all()


def overdue(session: Session, before: datetime, *, limit: int) -> Sequence[str]:
    """Ids of deliveries that were to be tried before this time and were not, the longest overdue first."""
    due = select(Delivery.id).where(_PENDING, col(Delivery.next_try_at) < before)
    return session.exec(due.order_by(col(Delivery.next_try_at)).limit(limit)).all()


def put_off(session: Session, ids: Sequence[str], before: datetime, until: datetime) -> None:
    """Take these out of what is overdue until then, but for those that moved on in the meantime."""
    still = update(Delivery).where(_PENDING, col(Delivery.id).in_(ids), col(Delivery.next_try_at) < before)
    session.exec(still.values(next_try_at=until))
