"""Members, their sessions and invitations: found by what a browser sends, listed by account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from outdial.models import Account, Invitation, Member, MemberSession
from outdial.models.member import Role
from outdial.store.scope import owned_by, rows_of


def by_email(session: Session, email: str) -> Member | None:
    """The member with that email, whichever account it is in; locked for the sign-in."""
    return session.exec(select(Member).where(Member.email == email).with_for_update()).first()


def signed_in(
    session: Session, token_hash: str, now: datetime
) -> tuple[MemberSession, Member, Account] | None:
    """Who holds the session with that token, if it is not over."""
    query = select(MemberSession, Member).join(Member)
    found = session.exec(
        query.where(MemberSession.token_hash == token_hash, col(MemberSession.expires_at) > now)
    ).first()
    return (*found, session.get_one(Account, found[1].account_id)) if found else None


def invited(session: Session, token_hash: str) -> tuple[Invitation, Account] | None:
    """The invitation with that token, used or not, and whose it is; locked, so that it is used once."""
    query = select(Invitation, Account).join(Account)
    return session.exec(
        query.where(Invitation.token_hash == token_hash).with_for_update(of=Invitation)
    ).first()


def members_of(session: Session, account_id: str) -> Sequence[Member]:
    """The account's members by email."""
    return session.exec(rows_of(account_id, Member).order_by(col(Member.email))).all()


def open_invitations(session: Session, account_id: str, now: datetime) -> Sequence[Invitation]:
    """Invitations that can still be used, the newest first."""
    unused = rows_of(account_id, Invitation).where(col(Invitation.used_at).is_(None))
    return session.exec(
        unused.where(col(Invitation.expires_at) > now).order_by(col(Invitation.id).desc())
    ).all()


def sessions_of(session: Session, member: Member, now: datetime) -> Sequence[MemberSession]:
    """Where the member is signed in now, the newest first."""
    query = select(MemberSession).where(MemberSession.member_id == member.id)
    return session.exec(
        query.where(col(MemberSession.expires_at) > now).order_by(col(MemberSession.id).desc())
    ).all()


def count_admins(session: Session, account_id: str) -> int:
    """How many admins the account has."""
    counted = select(func.count()).select_from(Member).where(owned_by(account_id, Member))
    return session.exec(counted.where(Member.role == Role.ADMIN)).one()


def any_members(session: Session, account_id: str) -> bool:
    """Whether anybody can sign in to this account."""
    return session.exec(rows_of(account_id, Member).limit(1)).first() is not None


def end_sessions(session: Session, member: Member, *, except_id: str | None = None) -> None:
    """Sign the member out everywhere, but for one session if it is named."""
    statement: Any = delete(MemberSession).where(col(MemberSession.member_id) == member.id)
    session.exec(statement.where(col(MemberSession.id) != (except_id or "")))


def withdraw_open_links(session: Session, account_id: str, now: datetime) -> None:
    """Make earlier first-run links of the account, those that name nobody, useless."""
    for invitation in open_invitations(session, account_id, now):
        if invitation.email is None:
            invitation.used_at = now
            session.add(invitation)


def forget_ended(session: Session, now: datetime) -> None:
    """Delete sessions whose time is up."""
    statement: Any = delete(MemberSession).where(col(MemberSession.expires_at) <= now)
    session.exec(statement)
