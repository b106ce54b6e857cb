"""Agents: create, list, read, change, archive."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlmodel import col

from api.deps import DatabaseDep, PageDep, PrincipalDep, SettingsDep
from api.paging import Listing, read_page
from api.schemas.agents import AgentCreate, AgentPatch, AgentPublic, VersionPublic
from outdial import catalog
from outdial.models import Agent, AgentDefinition, AgentVersion
from outdial.models.base import utc_now
from outdial.store.scope import get, rows_of

router = APIRouter(prefix="/v1/agents", tags=["agents"])


@router.post("", status_code=201, summary="Create an agent")
def create(
    body: AgentCreate, principal: PrincipalDep, database: DatabaseDep, settings: SettingsDep
) -> AgentPublic:
    """The agent in its first version."""
    definition = body.definition()
    catalog.check_definition(definition, settings)
    with database.write() as session:
        agent = catalog.create_agent(session, principal.account.id, body.name, definition)
        return AgentPublic.of(agent, catalog.current_version(session, agent))


@router.get("", summary="List agents")
def list_agents(
    principal: PrincipalDep,
    database: DatabaseDep,
    page: PageDep,
    archived: Annotated[bool, Query(description="Archived ones too.")] = False,
) -> Listing[AgentPublic]:
    """Newest first."""
    account_id = principal.account.id
    query = rows_of(account_id, Agent)
    with database.read() as session:
        wanted = query if archived else query.where(col(Agent.archived_at).is_(None))
        agents, following = read_page(session, wanted, Agent, page)
        versions = catalog.current_versions(session, account_id, agents)
    return Listing(
        data=[AgentPublic.of(agent, versions[agent.id]) for agent in agents], next_cursor=following
    )


@router.get("/{agent_id}", summary="Read an agent")
def read(agent_id: str, principal: PrincipalDep, database: DatabaseDep) -> AgentPublic:
    """The agent with its current definition."""
    with database.read() as session:
        agent = get(session, principal.account.id, Agent, agent_id)
        return AgentPublic.of(agent, catalog.current_version(session, agent))


@router.patch(
    "/{agent_id}", summary="Change an agent", responses={409: {"description": "The agent is archived."}}
)
def change(
    agent_id: str, body: AgentPatch, principal: PrincipalDep, database: DatabaseDep, settings: SettingsDep
) -> AgentPublic:
    """A changed definition becomes a new version; calls already created keep theirs."""
    with database.write() as session:
        agent = catalog.lock_agent(session, principal.account.id, agent_id)
        definition = _merged(body, catalog.current_version(session, agent).definition)
        catalog.check_definition(definition, settings)
        catalog.change_agent(session, agent, body.name or agent.name, definition, utc_now())
        session.flush()
        return AgentPublic.of(agent, catalog.current_version(session, agent))


@router.post("/{agent_id}/archive", summary="Archive an agent")
def archive(agent_id: str, principal: PrincipalDep, database: DatabaseDep) -> AgentPublic:
    """The agent takes no new calls; those already created go on."""
    with database.write() as session:
        agent = catalog.lock_agent(session, principal.account.id, agent_id)
        catalog.archive_agent(session, agent, utc_now())
        return AgentPublic.of(agent, catalog.current_version(session, agent))


@router.get("/{agent_id}/versions", summary="List an agent's versions")
def list_versions(
    agent_id: str, principal: PrincipalDep, database: DatabaseDep, page: PageDep
) -> Listing[VersionPublic]:
    """Newest first."""
    account_id = principal.account.id
    with database.read() as session:
        agent = get(session, account_id, Agent, agent_id)
        query = rows_of(account_id, AgentVersion).where(AgentVersion.agent_id == agent.id)
        rows, following = read_page(session, query, AgentVersion, page)
    return Listing(data=[VersionPublic.of(row) for row in rows], next_cursor=following)


def _merged(patch: AgentPatch, definition: AgentDefinition) -> AgentDefinition:
    try:
        return patch.applied_to(definition)
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(found) from error
