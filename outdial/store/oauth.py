"""OAuth clients by what is known of them when nobody has been recognised yet."""

from datetime import datetime

from sqlmodel import Session, col, select

from outdial.models import Account, OAuthClient


def find_client(session: Session, client_id: str) -> tuple[Account, OAuthClient] | None:
    """The client with that id and its account, unless it is revoked."""
    query = select(Account, OAuthClient).join(OAuthClient)
    kept = query.where(OAuthClient.id == client_id, col(OAuthClient.revoked_at).is_(None))
    return session.exec(kept).first()


def touch(session: Session, client_id: str, now: datetime) -> None:
    """Note that the client was used."""
    client = session.get_one(OAuthClient, client_id)
    client.last_used_at = now
    session.add(client)
