"""Campaigns and the schedules in them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from outdial.errors import NotFound
from outdial.models import Batch, Call, Campaign
from outdial.store.batches import locked
from outdial.store.scope import find, owned_by, rows_of


def oldest_of(session: Session, account_id: str, agent_ids: Sequence[str]) -> dict[str, Campaign]:
    """The oldest campaign of each of these agents that has one, by the agent's id."""
    query = rows_of(account_id, Campaign).where(col(Campaign.agent_id).in_(agent_ids))
    newest_first = session.exec(query.order_by(col(Campaign.created_at).desc(), col(Campaign.id).desc()))
    return {campaign.agent_id: campaign for campaign in newest_first if campaign.agent_id is not None}


def schedules_of(account_id: str, campaign_id: str) -> SelectOfScalar[Batch]:
    """A query over the campaign's schedules."""
    return rows_of(account_id, Batch).where(Batch.campaign_id == campaign_id, col(Batch.stays_open))


def schedule(session: Session, account_id: str, schedule_id: str, *, lock: bool = False) -> Batch:
    """The account's schedule, locked until the transaction ends if asked. Raises NotFound."""
    found = find(session, account_id, Batch, schedule_id)
    if found is None or not found.stays_open:
        raise NotFound("There is no such schedule.")
    return locked(session, found.id) if lock else found


def has_calls(session: Session, batch: Batch) -> bool:
    """Whether the schedule lists any call, test calls included."""
    listed = rows_of(batch.account_id, Call).where(Call.schedule_id == batch.id)
    return session.exec(listed.limit(1)).first() is not None


def count(session: Session, query: SelectOfScalar[Any]) -> int:
    """How many rows the query has."""
    return session.exec(select(func.count()).select_from(query.order_by(None).subquery())).one()


def running_of(session: Session, campaign: Campaign) -> Sequence[Batch]:
    """The campaign's schedules that have not ended."""
    query = schedules_of(campaign.account_id, campaign.id).where(col(Batch.ended_at).is_(None))
    return session.exec(query).all()


def is_off(session: Session, member: Batch | Call) -> bool:
    """Whether the batch or call belongs to a campaign that is switched off."""
    if member.campaign_id is None:
        return False
    switch = select(Campaign.is_enabled).where(
        owned_by(member.account_id, Campaign), Campaign.id == member.campaign_id
    )
    return session.exec(switch).first() is False


def delete(session: Session, batch: Batch) -> None:
    """Delete an empty schedule."""
    session.delete(batch)
