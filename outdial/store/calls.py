"""Rows of one call, for the activities that move it. They name a call by an id that they were given by us."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import case, func, insert, update
from sqlmodel import Session, col, select

from outdial.models import (
    AgentVersion,
    Attempt,
    AttemptState,
    Call,
    CallEvent,
    Delivery,
    DeliveryState,
    Disposition,
    Speaker,
    Turn,
)
from outdial.store.scope import owned_by


def load(session: Session, call_id: str) -> Call:
    """The call. Raises NoResultFound where there is none."""
    return session.get_one(Call, call_id)


def locked(session: Session, call_id: str) -> Call:
    """The call as it is now, locked until the transaction ends."""
    chosen = select(Call).where(Call.id == call_id).with_for_update(key_share=True)
    return session.exec(chosen.execution_options(populate_existing=True)).one()


def attempt_of(session: Session, call: Call, number: int) -> Attempt | None:
    """The call's attempt of that number."""
    return session.exec(select(Attempt).where(Attempt.call_id == call.id, Attempt.number == number)).first()


def mark_placed(session: Session, call_id: str, number: int, carrier_call_id: str, now: datetime) -> None:
    """The carrier has taken the dial; the attempt's state moves on unless an event was faster."""
    state = case((col(Attempt.state) == AttemptState.INTENDED, AttemptState.PLACED), else_=col(Attempt.state))
    chosen = update(Attempt).where(col(Attempt.call_id) == call_id, col(Attempt.number) == number)
    statement: Any = chosen.values(carrier_call_id=carrier_call_id, placed_at=now, state=state)
    session.exec(statement)


def attempts_of(session: Session, call: Call) -> Sequence[Attempt]:
    """The call's attempts, the first one first."""
    return session.exec(select(Attempt).where(Attempt.call_id == call.id).order_by(col(Attempt.number))).all()


def events_of(session: Session, call: Call) -> Sequence[CallEvent]:
    """The call's timeline, from the beginning."""
    return session.exec(
        select(CallEvent).where(CallEvent.call_id == call.id).order_by(col(CallEvent.id))
    ).all()


def last_attempt(session: Session, call: Call) -> Attempt | None:
    """The latest attempt, None before the first."""
    return attempt_of(session, call, call.attempts_made) if call.attempts_made else None


def count_unplaced(session: Session, call: Call) -> int:
    """How many attempts of the call were proven never to have reached the carrier."""
    query = select(func.count()).select_from(Attempt).where(Attempt.call_id == call.id)
    return session.exec(query.where(Attempt.disposition == Disposition.NOT_PLACED)).one()


def agent_version(session: Session, call: Call) -> AgentVersion:
    """The version of the agent that the call was created with."""
    return session.get_one(AgentVersion, call.agent_version_id)


def turns_of(session: Session, attempt: Attempt) -> Sequence[Turn]:
    """What was said, in order."""
    return session.exec(select(Turn).where(Turn.attempt_id == attempt.id).order_by(col(Turn.position))).all()


def latencies_of(session: Session, call: Call) -> Sequence[int | None]:
    """How long the agent's turns took to begin, in milliseconds, over all attempts of the call."""
    query = select(Turn.latency_ms).join(Attempt, col(Attempt.id) == col(Turn.attempt_id))
    return session.exec(query.where(Attempt.call_id == call.id)).all()


class Spoken(NamedTuple):
    """One utterance that is to be kept."""

    position: int
    speaker: Speaker
    text: str
    at: datetime
    latency_ms: int | None = None


def add_turns(session: Session, attempt: Attempt, said: Sequence[Spoken]) -> None:
    """Add utterances."""
    owner = {"account_id": attempt.account_id, "attempt_id": attempt.id}
    if said:
        session.exec(insert(Turn), params=[{**owner, **turn._asdict()} for turn in said])


def owed_deliveries(session: Session, call: Call) -> Sequence[str]:
    """Webhooks of the call that nobody has tried to deliver yet."""
    of_call = select(Delivery.id).where(owned_by(call.account_id, Delivery), Delivery.call_id == call.id)
    owed = of_call.where(Delivery.state == DeliveryState.PENDING, Delivery.tries == 0)
    return session.exec(owed).all()


def cut_last_turn(session: Session, attempt: Attempt, heard: str) -> None:
    """The agent's last turn was interrupted: keep only what was heard of it."""
    query = select(Turn).where(Turn.attempt_id == attempt.id, Turn.speaker == Speaker.AGENT)
    last = session.exec(query.order_by(col(Turn.position).desc())).first()
    if last is not None:
        last.text = heard
        session.add(last)
