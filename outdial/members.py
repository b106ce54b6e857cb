"""Members: let in by a link that works once, recognised by their password, kept by a session."""

import hashlib
import re
import secrets
import threading
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session

from outdial.errors import Conflict, Forbidden, Invalid
from outdial.models import Account, Invitation, Member, MemberSession
from outdial.models.member import Role
from outdial.store import members
from outdial.store.lines import lock_account
from outdial.store.scope import get

TOKEN_BYTES = 32
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 1_000
INVITATION_LASTS = timedelta(days=7)
SESSION_LASTS = timedelta(days=14)
# After so many wrong passwords in a row each further one costs a wait that doubles.
FREE_FAILURES = 5
LONGEST_LOCK = timedelta(minutes=15)

_EMAIL = re.compile(r"[^@\s\0]{1,64}@[^@\s\0]{1,190}")
_argon2id = PasswordHasher()
# One hash takes 64 MiB; a crowd at the door must not take all of the machine's memory.
_hashing = threading.BoundedSemaphore(2)
# Verified where there is no such member, so that both answers take as long.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$UZCtx398YV6MWb+krc1w0g$nhglI9zjp0Ycp95iE+Og1vMP0RrYaq0Wu9eCyrvoKRY"
_WRONG = "This email and password do not belong together."


class SignInFailed(Forbidden):
    """Wrong email or password; which of them is not said."""

    code = "sign_in_failed"


class LinkUsed(Forbidden):
    """The link was used, is too old, or never was one."""

    code = "link_used"


def invite(
    session: Session, account_id: str, role: Role, now: datetime, *, email: str | None = None
) -> tuple[Invitation, str]:
    """A link's row and its token, which is kept nowhere. Raises Invalid, or Conflict where the email is taken."""
    if email is not None:
        email = _free_email(session, email)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation(
        account_id=account_id,
        email=email,
        role=role,
        token_hash=_hash(token),
        created_at=now,
        expires_at=now + INVITATION_LASTS,
    )
    session.add(invitation)
    session.flush()
    return invitation, token


def first_run(session: Session, account_id: str, now: datetime) -> str | None:
    """The token that makes the account's first admin, None where somebody can sign in already.

    Any earlier such token stops working.
    """
    lock_account(session, account_id)
    if members.any_members(session, account_id):
        return None
    members.withdraw_open_links(session, account_id, now)
    return invite(session, account_id, Role.ADMIN, now)[1]


def invitation_of(session: Session, token: str, now: datetime) -> tuple[Invitation, Account]:
    """What a link's token invites to. Raises LinkUsed."""
    found = members.invited(session, _hash(token))
    if found is None or found[0].used_at is not None or found[0].expires_at <= now:
        raise LinkUsed("This link has been used or is too old. Ask for a new one.")
    return found


def join(session: Session, token: str, email: str, password: str, now: datetime) -> Member:
    """The member that the link makes. Raises LinkUsed, Invalid or Conflict."""
    invitation, account = invitation_of(session, token, now)
    email = _free_email(session, invitation.email or email)
    member = Member(
        account_id=account.id,
        email=email,
        password_hash=_hashed(_good_password(password, email)),
        role=invitation.role,
        created_at=now,
        last_sign_in_at=now,
    )
    invitation.used_at = now
    session.add_all([invitation, member])
    session.flush()
    return member


def sign_in(session: Session, email: str, password: str, now: datetime) -> Member | None:
    """Whose email and password these are, None where they do not belong together; wrong ones are counted.

    Raises SignInFailed while the member has to wait. The caller commits either way: the count must stay.
    """
    member = members.by_email(session, _normal(email))
    if member is not None and member.locked_until is not None and member.locked_until > now:
        seconds = round((member.locked_until - now).total_seconds()) + 1
        raise SignInFailed(f"Too many wrong passwords. Try again in {seconds} seconds.", code="locked")
    if not _fits(member.password_hash if member else _NOBODY, password) or member is None:
        _count_failure(session, member, now)
        return None
    member.failures, member.locked_until, member.last_sign_in_at = 0, None, now
    if _argon2id.check_needs_rehash(member.password_hash):
        member.password_hash = _hashed(password)
    session.add(member)
    return member


def wrong() -> SignInFailed:
    """What somebody is told who could not sign in."""
    return SignInFailed(_WRONG)


def open_session(session: Session, member: Member, browser: str, now: datetime) -> tuple[MemberSession, str]:
    """A session and its token, which only the browser keeps."""
    members.forget_ended(session, now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    opened = MemberSession(
        account_id=member.account_id,
        member_id=member.id,
        token_hash=_hash(token),
        browser=browser[:200],
        created_at=now,
        expires_at=now + SESSION_LASTS,
    )
    session.add(opened)
    session.flush()
    return opened, token


def session_of(session: Session, token: str, now: datetime) -> tuple[MemberSession, Member, Account] | None:
    """Who is signed in with this token, None where nobody is."""
    return members.signed_in(session, _hash(token), now)


def change_password(
    session: Session, member_id: str, old: str, new: str, *, keep_session: str, account_id: str
) -> None:
    """Another password; every other session of the member ends. Raises Invalid."""
    member = get(session, account_id, Member, member_id)
    if not _fits(member.password_hash, old):
        raise Invalid("This is not your password.", field="password")
    member.password_hash = _hashed(_good_password(new, member.email, field="new_password"))
    session.add(member)
    members.end_sessions(session, member, except_id=keep_session)


def change_role(session: Session, account_id: str, member_id: str, role: Role) -> Member:
    """Let a member do more or less, from the next page on. Raises Conflict for the last admin."""
    lock_account(session, account_id)
    member = get(session, account_id, Member, member_id)
    if member.role is Role.ADMIN and role is not Role.ADMIN:
        _check_not_last(session, account_id)
    member.role = role
    session.add(member)
    return member


def remove(session: Session, account_id: str, member_id: str) -> None:
    """Delete a member and end its sessions. Raises Conflict for the last admin."""
    lock_account(session, account_id)
    member = get(session, account_id, Member, member_id)
    if member.role is Role.ADMIN:
        _check_not_last(session, account_id)
    members.end_sessions(session, member)
    session.flush()
    session.delete(member)


def _check_not_last(session: Session, account_id: str) -> None:
    if members.count_admins(session, account_id) <= 1:
        raise Conflict("An account keeps at least one admin.", code="last_admin")


def _count_failure(session: Session, member: Member | None, now: datetime) -> None:
    if member is None:
        return
    member.failures += 1
    over = member.failures - FREE_FAILURES
    if over >= 0:
        member.locked_until = now + min(timedelta(seconds=2 ** min(over, 20)), LONGEST_LOCK)
    session.add(member)


def _free_email(session: Session, email: str) -> str:
    email = _normal(email)
    if not _EMAIL.fullmatch(email):
        raise Invalid("Expected an email address, for example ada@example.com.", field="email")
    if members.by_email(session, email) is not None:
        raise Conflict("Somebody signs in with this email already.", field="email", code="email_taken")
    return email


def _normal(email: str) -> str:
    return email.strip().casefold()


def _good_password(password: str, email: str, *, field: str = "password") -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(f"A password needs {SHORTEST_PASSWORD} characters or more.", field=field)
    if password.casefold() == email:
        raise Invalid("Choose a password that is not your email.", field=field)
    return password


def _hashed(password: str) -> str:
    with _hashing:
        return _argon2id.hash(password)


def _fits(kept: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        with _hashing:
            return _argon2id.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _hash(token: str) -> str:
    # 256 random bits can't be guessed, so a fast hash is enough, and it can be looked up.
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
