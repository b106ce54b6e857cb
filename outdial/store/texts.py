"""Text messages that a carrier was asked to send, by their key."""

from datetime import datetime

from sqlmodel import Session

from outdial.models import TextIntent


def intend(session: Session, key: str, account_id: str, now: datetime) -> bool:
    """Note that the carrier is about to be asked; False if it may have been asked before."""
    if session.get(TextIntent, key) is not None:
        return False
    session.add(TextIntent(key=key, account_id=account_id, asked_at=now))
    return True


def asked(session: Session, key: str) -> TextIntent:
    """What is known of a message that was asked for."""
    return session.get_one(TextIntent, key)


def taken(session: Session, key: str, carrier_message_id: str) -> None:
    """The carrier took it."""
    intent = session.get_one(TextIntent, key)
    intent.carrier_message_id = carrier_message_id
    session.add(intent)


def not_asked(session: Session, key: str) -> None:
    """The request is proven not to have reached the carrier: it may be asked another time."""
    session.delete(session.get_one(TextIntent, key))
