"""Recordings as rows: announced, fetched, deleted."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import literal, tuple_
from sqlmodel import Session, col, select

from outdial.models import Attempt, Call, Recording
from outdial.models.base import UtcDateTime


def announce(
    session: Session,
    attempt: Attempt,
    *,
    carrier_recording_id: str,
    path: str,
    seconds: int | None,
    now: datetime,
) -> None:
    """The carrier has recorded the attempt; told again, nothing changes."""
    query = select(Recording.id).where(
        Recording.carrier == attempt.carrier, Recording.carrier_recording_id == carrier_recording_id
    )
    if session.exec(query).first() is not None:
        return
    session.add(
        Recording(
            account_id=attempt.account_id,
            call_id=attempt.call_id,
            attempt_id=attempt.id,
            carrier=attempt.carrier,
            carrier_recording_id=carrier_recording_id,
            path=path,
            seconds=seconds,
            created_at=now,
        )
    )
    attempt.recording = path
    session.add(attempt)


def latest(session: Session, call: Call) -> Recording | None:
    """The recording of the call's last attempt that has one and still keeps it."""
    query = select(Recording).where(Recording.call_id == call.id, col(Recording.deleted_at).is_(None))
    return session.exec(query.order_by(col(Recording.created_at).desc())).first()


def unfetched(session: Session, *, limit: int) -> Sequence[Recording]:
    """What the carrier has and we do not, the oldest first."""
    query = select(Recording).where(col(Recording.fetched_at).is_(None), col(Recording.deleted_at).is_(None))
    return session.exec(query.order_by(col(Recording.created_at)).limit(limit)).all()


def outdated(
    session: Session, before: datetime, *, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Recording]:
    """What was recorded before that time and is still kept, the oldest first, from behind ``after`` on."""
    created_at, row_id = col(Recording.created_at), col(Recording.id)
    query = select(Recording).where(created_at < before, col(Recording.deleted_at).is_(None))
    if after is not None:
        query = query.where(
            tuple_(created_at, row_id) > tuple_(literal(after[0], UtcDateTime), literal(after[1]))
        )
    return session.exec(query.order_by(created_at, row_id).limit(limit)).all()


def mark_fetched(session: Session, recording_id: str, now: datetime) -> None:
    """It is in the media store."""
    recording = session.get_one(Recording, recording_id)
    recording.fetched_at = now
    session.add(recording)


def mark_deleted(session: Session, recording_id: str, now: datetime) -> None:
    """It is kept nowhere any more, and its attempt says so."""
    recording = session.get_one(Recording, recording_id)
    recording.deleted_at = now
    attempt = session.get_one(Attempt, recording.attempt_id)
    if attempt.recording == recording.path:
        attempt.recording = None
    session.add_all([recording, attempt])
