"""Rows that pace dialling."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from outdial.models import DialPace


def locked(session: Session, key: str, now: datetime) -> DialPace:
    """The row of that key, made if there is none, locked until the transaction ends."""
    chosen = select(DialPace).where(DialPace.key == key).with_for_update()
    found = session.exec(chosen).first()
    if found is not None:
        return found
    try:
        with session.begin_nested():
            session.add(DialPace(key=key, free_at=now))
    except IntegrityError:
        pass  # another dial made it first
    return session.exec(chosen).one()
