"""The agents of an account: made, changed into new versions, archived."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import tuple_
from sqlmodel import Session, col

from outdial.agents.factory import validate_model
from outdial.errors import Conflict, Invalid
from outdial.models import Account, Agent, AgentDefinition, AgentVersion
from outdial.models.agent import VoicemailAction
from outdial.settings import Settings
from outdial.store.scope import get, rows_of


def create_agent(session: Session, account_id: str, name: str, definition: AgentDefinition) -> Agent:
    """A new agent in its first version. The definition is one that ``check_definition`` accepts."""
    agent = Agent(account_id=account_id, name=name)
    session.add(agent)
    session.flush()
    _add_version(session, agent, definition)
    return agent


def check_definition(definition: AgentDefinition, settings: Settings) -> None:
    """Raises Invalid for a definition that contradicts itself or asks for a model that there is not."""
    if definition.on_voicemail is VoicemailAction.LEAVE_MESSAGE and not definition.voicemail_message:
        raise Invalid("To leave a message, say which one.", field="voicemail_message")
    _check_unique([outcome.name for outcome in definition.outcomes], "outcomes")
    _check_unique([task.trigger for task in definition.tasks], "tasks")
    _check_unique([field.name for field in definition.fields], "fields")
    validate_model(definition.model, settings)


def default_agent_id(session: Session, account: Account) -> str:
    """Who talks in calls that name no agent: the account's default, else its oldest. Raises Invalid."""
    if account.default_agent_id is not None:
        return account.default_agent_id
    query = rows_of(account.id, Agent).where(col(Agent.archived_at).is_(None))
    oldest = session.exec(query.order_by(col(Agent.created_at), col(Agent.id)).limit(1)).first()
    if oldest is None:
        raise Invalid(
            "No agent can talk: create one with POST /v1/agents, or name one as default_agent_id with"
            " PATCH /v1/account.",
            code="no_agent",
        )
    return oldest.id


def lock_agent(session: Session, account_id: str, agent_id: str) -> Agent:
    """The agent, for a change: nobody else changes it until the transaction ends. Raises NotFound."""
    query = rows_of(account_id, Agent).where(Agent.id == agent_id).with_for_update()
    return session.exec(query).first() or get(session, account_id, Agent, agent_id)


def change_agent(
    session: Session, agent: Agent, name: str, definition: AgentDefinition, now: datetime
) -> None:
    """Name and define a locked agent; another definition makes a new version.

    Calls that were already created keep the version that they have. Raises Conflict once archived.
    """
    if agent.archived_at is not None:
        raise Conflict("The agent is archived and can't be changed.")
    if definition != current_version(session, agent).definition:
        agent.version += 1
        _add_version(session, agent, definition)
    agent.name, agent.updated_at = name, now
    session.add(agent)


def archive_agent(session: Session, agent: Agent, now: datetime) -> None:
    """Let the agent take no further calls; those already created go on. Harmless twice."""
    if agent.archived_at is None:
        agent.archived_at = agent.updated_at = now
        session.add(agent)


def current_version(session: Session, agent: Agent) -> AgentVersion:
    """The version that a call created now would keep."""
    query = rows_of(agent.account_id, AgentVersion).where(AgentVersion.agent_id == agent.id)
    return session.exec(query.where(AgentVersion.version == agent.version)).one()


def current_versions(session: Session, account_id: str, agents: Sequence[Agent]) -> dict[str, AgentVersion]:
    """The current versions of several agents, by the agent's id."""
    wanted = [(agent.id, agent.version) for agent in agents]
    pair = tuple_(col(AgentVersion.agent_id), col(AgentVersion.version))
    found = session.exec(rows_of(account_id, AgentVersion).where(pair.in_(wanted))).all()
    return {version.agent_id: version for version in found}


def _add_version(session: Session, agent: Agent, definition: AgentDefinition) -> None:
    data = definition.model_dump(mode="json")
    version = AgentVersion(account_id=agent.account_id, agent_id=agent.id, version=agent.version, data=data)
    session.add(version)


def _check_unique(names: list[str], field: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Invalid(f"Given more than once: {', '.join(twice)}.", field=field)
