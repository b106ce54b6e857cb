"""Conversations at a carrier's socket: one an attempt, and which of them may be lost."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, and_, col, or_, select, update

from outdial.models import Attempt, TalkSession

TRANSFER = "transfer"
# The carrier, or whoever looks for silent processes, says that the conversation broke off.
LOST = "lost"


def of(session: Session, attempt: Attempt) -> TalkSession | None:
    """The attempt's conversation, None before it began."""
    return session.get(TalkSession, attempt.id)


def open_talk(session: Session, attempt: Attempt, now: datetime) -> bool:
    """Begin the conversation; False if it was begun before. Call it with the attempt's row locked."""
    if of(session, attempt) is not None:
        return False
    session.add(
        TalkSession(
            attempt_id=attempt.id,
            account_id=attempt.account_id,
            call_id=attempt.call_id,
            opened_at=now,
            seen_at=now,
        )
    )
    return True


def see(session: Session, attempt_ids: Sequence[str], now: datetime) -> None:
    """The process that holds these conversations is alive."""
    session.exec(update(TalkSession).where(col(TalkSession.attempt_id).in_(attempt_ids)).values(seen_at=now))


def close_talk(
    session: Session, attempt_id: str, now: datetime, *, ended_by: str, error: str | None = None
) -> None:
    """The conversation is over, and all that was said is kept. One that broke off stays so."""
    talk = session.get_one(TalkSession, attempt_id)
    talk.closed_at = talk.closed_at or now
    if talk.ended_by != LOST:
        talk.ended_by, talk.error = ended_by, error
    session.add(talk)


def break_off(session: Session, attempt: Attempt, error: str) -> None:
    """The carrier lost the conversation, whatever our side made of it."""
    talk = of(session, attempt)
    if talk is not None:
        talk.ended_by, talk.error = LOST, error
        session.add(talk)


def silent(
    session: Session, lost_before: datetime, over_before: datetime, *, limit: int
) -> Sequence[Attempt]:
    """Attempts that have not ended although their conversation was lost, or was over long ago."""
    lost = and_(col(TalkSession.closed_at).is_(None), col(TalkSession.seen_at) < lost_before)
    over = and_(col(TalkSession.closed_at) < over_before, TalkSession.ended_by != TRANSFER)
    query = (
        select(Attempt)
        .join(TalkSession, col(TalkSession.attempt_id) == col(Attempt.id))
        .where(col(Attempt.ended_at).is_(None), or_(lost, over))
    )
    return session.exec(query.limit(limit)).all()
