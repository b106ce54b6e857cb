"""Batches and the calls they consist of: what may be started, what is on its way, what is left."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import func, text, update
from sqlmodel import Session, col, select

from outdial.models import (
    Account,
    AgentVersion,
    Attempt,
    Batch,
    BatchStatus,
    Call,
    CallStatus,
    Disposition,
    Progress,
)
from outdial.models.call import ON_ITS_WAY, UNSTARTED_IN_BATCH
from outdial.store.scope import owned_by, rows_of

# A request that is being answered right now starts its batch itself.
UNSTARTED_FOR = timedelta(seconds=10)

# Written out, so that both databases see that the partial indexes fit.
_UNSTARTED = text(UNSTARTED_IN_BATCH)
_ON_ITS_WAY = text(ON_ITS_WAY)


class Tally(NamedTuple):
    """So many calls stand so."""

    status: CallStatus
    outcome: str | None
    disposition: Disposition | None
    calls: int


def load(session: Session, batch_id: str) -> Batch:
    """The batch. Raises NoResultFound where there is none."""
    return session.get_one(Batch, batch_id)


def find(session: Session, batch_id: str) -> Batch | None:
    """The batch, None where it was deleted."""
    return session.get(Batch, batch_id)


def locked(session: Session, batch_id: str) -> Batch:
    """The batch as it is now, locked until the transaction ends."""
    chosen = select(Batch).where(Batch.id == batch_id).with_for_update()
    return session.exec(chosen.execution_options(populate_existing=True)).one()


def of_call(session: Session, call: Call) -> Batch | None:
    """The call's batch, None for a call on its own."""
    return session.get(Batch, call.batch_id) if call.batch_id else None


def account_of(session: Session, batch: Batch) -> Account:
    """Whose batch it is."""
    return session.get_one(Account, batch.account_id)


def agent_version(session: Session, batch: Batch) -> AgentVersion:
    """The version of the agent that talks in all calls of the batch."""
    return session.get_one(AgentVersion, batch.agent_version_id)


def running(session: Session, account_id: str) -> Sequence[Batch]:
    """The account's batches that place calls now, the oldest first."""
    open_ones = rows_of(account_id, Batch).where(text("ended_at IS NULL"))
    return session.exec(open_ones.where(Batch.status == BatchStatus.RUNNING).order_by(col(Batch.id))).all()


def holding_undialled(session: Session, batch: Batch, now: datetime) -> bool:
    """Whether a call of the batch is about to dial."""
    query = select(Call.id).where(owned_by(batch.account_id, Call), Call.batch_id == batch.id, _ON_ITS_WAY)
    due = query.where(col(Call.status) == CallStatus.SCHEDULED, ~col(Call.paused), col(Call.due_at) <= now)
    return session.exec(due.limit(1)).first() is not None


def unstarted(session: Session, batch: Batch, *, zones: Sequence[str] | None, limit: int) -> Sequence[Call]:
    """The batch's next calls without a workflow, in the order of the upload; ``zones``: only of these."""
    query = select(Call).where(Call.batch_id == batch.id, _UNSTARTED, col(Call.batch_row) < batch.rows)
    if zones is not None:
        query = query.where(col(Call.timezone).in_(zones))
    return session.exec(query.order_by(col(Call.batch_row)).limit(limit)).all()


def count_unstarted(session: Session, batch: Batch, *, zones: Sequence[str] | None, most: int) -> int:
    """How many calls have no workflow yet; it stops counting at ``most``."""
    query: Any = select(Call.id).where(
        Call.batch_id == batch.id, _UNSTARTED, col(Call.batch_row) < batch.rows
    )
    if zones is not None:
        query = query.where(col(Call.timezone).in_(zones))
    return session.exec(select(func.count()).select_from(query.limit(most).subquery())).one()


def zones_of_unstarted(session: Session, batch: Batch) -> Sequence[str]:
    """The timezones in which calls still wait for their start."""
    query = select(Call.timezone).where(Call.batch_id == batch.id, _UNSTARTED)
    return session.exec(query.distinct()).all()


def next_due(session: Session, batch: Batch) -> datetime | None:
    """When the next of the batch's started calls is due, None where all have ended."""
    query = select(Call.due_at).where(
        owned_by(batch.account_id, Call), Call.batch_id == batch.id, _ON_ITS_WAY
    )
    return session.exec(query.order_by(col(Call.due_at)).limit(1)).first()


def has_open_calls(session: Session, batch: Batch) -> bool:
    """Whether any call of the batch has not ended."""
    of_it = select(Call.id).where(Call.batch_id == batch.id)
    mine = of_it.where(owned_by(batch.account_id, Call))
    return any(
        session.exec(query.limit(1)).first() is not None
        for query in (of_it.where(_UNSTARTED), mine.where(_ON_ITS_WAY))
    )


def on_its_way(session: Session, batch: Batch, *, after: str, limit: int) -> Sequence[Call]:
    """Calls with a workflow that have not ended, by id from ``after`` on."""
    query = select(Call).where(owned_by(batch.account_id, Call), Call.batch_id == batch.id, _ON_ITS_WAY)
    return session.exec(query.where(col(Call.id) > after).order_by(col(Call.id)).limit(limit)).all()


def tally(session: Session, *of: Batch) -> dict[str, list[Tally]]:
    """The calls of batches, counted by where they stand, by the batch's id."""
    counted: dict[str, list[Tally]] = {batch.id: [] for batch in of}
    columns: Any = (Call.batch_id, Call.status, Call.outcome, Call.disposition)
    query: Any = sa.select(*columns, func.count()).where(col(Call.batch_id).in_(counted)).group_by(*columns)
    for batch_id, *row in session.connection().execute(query):
        counted[batch_id].append(Tally(*row))
    return counted


def last_dial(session: Session, batch: Batch) -> datetime | None:
    """When the batch dialled last."""
    dials = select(Attempt.intended_at).where(Attempt.batch_id == batch.id)
    return session.exec(dials.order_by(col(Attempt.intended_at).desc()).limit(1)).first()


def want_lines(session: Session, batch_id: str, lines: int) -> None:
    """Say how many lines the batch could use now, to whoever shares the account's."""
    session.exec(_change(batch_id, lines_wanted=lines))


def requeue_held(session: Session, batch: Batch, now: datetime) -> None:
    """Calls that were held until a time ask again now: what held them may have changed."""
    held: Any = update(Call).where(
        owned_by(batch.account_id, Call), col(Call.batch_id) == batch.id, _ON_ITS_WAY
    )
    waiting = held.where(col(Call.status) == CallStatus.SCHEDULED, col(Call.progress) == Progress.HELD)
    session.exec(waiting.values(progress=Progress.QUEUED, due_at=now))


def move_unstarted(session: Session, batch: Batch) -> None:
    """What has not been started is due when the batch is."""
    unstarted: Any = update(Call).where(col(Call.batch_id) == batch.id, _UNSTARTED)
    session.exec(unstarted.values(due_at=batch.due_at, schedule_at=batch.schedule_at))


def untold(session: Session, now: datetime, *, limit: int) -> Sequence[Batch]:
    """Batches with a workflow that was not told of a change a while ago."""
    query = select(Batch).where(text("ended_at IS NULL"), col(Batch.untold), col(Batch.workflow_started))
    long_ago = query.where(col(Batch.updated_at) < now - UNSTARTED_FOR)
    return session.exec(long_ago.order_by(col(Batch.id)).limit(limit)).all()


def mark_told(session: Session, batch: Batch) -> None:
    """The workflow knows of the batch's last change, unless it has changed again."""
    told: Any = update(Batch).where(col(Batch.id) == batch.id, col(Batch.updated_at) == batch.updated_at)
    session.exec(told.values(untold=False))


def mark_started(session: Session, batch_id: str) -> None:
    """Remember that the batch has its workflow."""
    session.exec(_change(batch_id, workflow_started=True))


def with_workflow(session: Session, *, limit: int) -> Sequence[Batch]:
    """Batches that have a workflow and have not ended."""
    query = select(Batch).where(text("ended_at IS NULL"), col(Batch.workflow_started))
    return session.exec(query.order_by(col(Batch.id)).limit(limit)).all()


def without_workflow(session: Session, now: datetime, *, limit: int) -> Sequence[Batch]:
    """Batches that were taken in a while ago and have no workflow yet."""
    query = select(Batch).where(text("ended_at IS NULL"), ~col(Batch.workflow_started))
    ready = query.where(Batch.status != BatchStatus.PREPARING, col(Batch.updated_at) < now - UNSTARTED_FOR)
    return session.exec(ready.order_by(col(Batch.id)).limit(limit)).all()


def _change(batch_id: str, **values: Any) -> Any:
    return update(Batch).where(col(Batch.id) == batch_id).values(**values)
