"""Campaigns: made by themselves or for an agent, switched on and off."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from outdial import catalog
from outdial.errors import Invalid
from outdial.models import Account, Agent, AgentDefinition, Campaign, OutcomeChoice
from outdial.store import campaigns
from outdial.store.scope import get

SCHEDULED_CALL = "scheduled_call"

# Who talks in the first campaign of an account that has no agent yet; no value is needed to call with it.
FIRST_AGENT = AgentDefinition(
    system_prompt=(
        "You call people on behalf of our company. Say who you are, ask whether they have a moment, tell them"
        " that this is a courtesy call, answer what you know and note what they want. Be brief and polite."
    ),
    opening_line="Hello, this is a call from our office. Do you have a minute?",
    outcomes=[
        OutcomeChoice(name="CONFIRMED", meaning="The person agreed or confirmed."),
        OutcomeChoice(name="REFUSED", meaning="The person does not want this."),
        OutcomeChoice(name="CALLBACK", meaning="The person wants to be called at another time."),
    ],
)


def create(
    session: Session, account: Account, name: str, *, is_enabled: bool, agent_id: str | None, now: datetime
) -> Campaign:
    """A new campaign. Without an agent the account's default talks. Raises NotFound."""
    if agent_id is not None:
        get(session, account.id, Agent, agent_id, field="agent_id")
    campaign = Campaign(
        account_id=account.id,
        name=name,
        agent_id=agent_id,
        type=SCHEDULED_CALL,
        is_enabled=is_enabled,
        created_at=now,
        updated_at=now,
    )
    session.add(campaign)
    session.flush()
    return campaign


def change(session: Session, campaign: Campaign, values: dict[str, object], now: datetime) -> None:
    """Another name or number shown, on or off: while it is off nothing of it is dialled."""
    for name, value in values.items():
        setattr(campaign, name, value)
    campaign.updated_at = now
    session.add(campaign)


def of_agents(
    session: Session, account_id: str, agents: Sequence[Agent], now: datetime
) -> dict[str, Campaign]:
    """The campaign of each agent, by the agent's id: its oldest; one is made for an agent that has none."""
    found = campaigns.oldest_of(session, account_id, [agent.id for agent in agents])
    for agent in agents:
        if agent.id not in found:
            found[agent.id] = _made_for(session, agent, now)
    return found


def agent_of(session: Session, account: Account, campaign: Campaign) -> str:
    """The id of the agent who talks in the campaign; the first agent is made where the account has none."""
    if campaign.agent_id is not None:
        return campaign.agent_id
    try:
        return catalog.default_agent_id(session, account)
    except Invalid:
        return catalog.create_agent(session, account.id, campaign.name, FIRST_AGENT).id


def _made_for(session: Session, agent: Agent, now: datetime) -> Campaign:
    # Locked, so that two requests at once don't make two.
    catalog.lock_agent(session, agent.account_id, agent.id)
    found = campaigns.oldest_of(session, agent.account_id, [agent.id]).get(agent.id)
    if found is not None:
        return found
    campaign = Campaign(
        account_id=agent.account_id, name=agent.name, agent_id=agent.id, created_at=now, updated_at=now
    )
    session.add(campaign)
    session.flush()
    return campaign
