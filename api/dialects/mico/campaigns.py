"""`/api/v1/call_flows` and `/api/v1/campaigns`: who talks, and what schedules are grouped in."""

from typing import Any, Literal

from fastapi import APIRouter, BackgroundTasks, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import Session, col

from api.batches.gateway import BatchGatewayDep
from api.body import Body
from api.deps import DatabaseDep, SettingsDep
from api.dialects.mico import telling
from api.dialects.mico.auth import Caller, CallFlowReader, CallFlowWriter, CampaignReader, CampaignWriter
from api.dialects.mico.paging import PAGED, PageDep, read_page
from api.dialects.mico.uids import CALL_FLOW, CAMPAIGN, id_of, not_found, uid_of, written
from api.schemas.agents import AgentCreate
from outdial import catalog
from outdial.campaigns import campaigns
from outdial.keys import check_may_change
from outdial.models import Agent, AgentVersion, Campaign, OutcomeChoice
from outdial.models.base import utc_now
from outdial.store import campaigns as stored
from outdial.store.scope import find, rows_of

router = APIRouter(prefix="/api/v1", tags=["Mico"])


class CallFlowPublic(BaseModel):
    """An agent, seen as a call flow with its campaign."""

    uid: str
    name: str
    campaign_uid: str
    system_prompt: str
    opening_line: str
    language: str
    voice: str | None
    outcomes: list[OutcomeChoice]
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, agent: Agent, version: AgentVersion, campaign: Campaign) -> "CallFlowPublic":
        """What is shown of the rows."""
        own = {
            name: version.data.get(name) for name in ("system_prompt", "opening_line", "language", "voice")
        }
        return cls.model_validate(
            {
                **own,
                "outcomes": version.data["outcomes"],
                "uid": uid_of(agent.id),
                "name": agent.name,
                "campaign_uid": uid_of(campaign.id),
                "created_at": written(agent.created_at),
                "updated_at": written(agent.updated_at),
            }
        )


class CampaignCreate(Body):
    """A new campaign."""

    name: str = Field(min_length=1, max_length=200, examples=["My First Campaign"])
    is_enabled: bool = Field(True, description="While it is not, nothing of it is dialled.")
    type: Literal["scheduled_call"] = "scheduled_call"
    call_flow_uid: str | None = Field(None, description="Who talks; unset: the account's default.")


class CampaignPatch(Body):
    """What to change; fields that are left out stay."""

    name: str = Field("", min_length=1, max_length=200)
    is_enabled: bool = True
    type: Literal["scheduled_call"] = "scheduled_call"
    call_flow_uid: str | None = Field(
        None, description="Who talks in schedules made from now on; null: the account's default."
    )


class CampaignPublic(BaseModel):
    """A campaign."""

    uid: str
    name: str
    is_enabled: bool
    created_at: str
    updated_at: str
    call_flow_uid: str | None = Field(None, description="Who talks; shown where it was set.")

    @classmethod
    def of(cls, campaign: Campaign) -> "CampaignPublic":
        """What is shown of a row."""
        shown: dict[str, Any] = {
            "uid": uid_of(campaign.id),
            "name": campaign.name,
            "is_enabled": campaign.is_enabled,
            "created_at": written(campaign.created_at),
            "updated_at": written(campaign.updated_at),
        }
        if campaign.agent_id is not None:
            shown["call_flow_uid"] = uid_of(campaign.agent_id)
        return cls.model_validate(shown)


@router.post("/call_flows", status_code=201, summary="Create a call flow")
def create_call_flow(
    body: AgentCreate, caller: CallFlowWriter, database: DatabaseDep, settings: SettingsDep
) -> CallFlowPublic:
    """An agent and its campaign."""
    definition = body.definition()
    catalog.check_definition(definition, settings)
    with database.write() as session:
        agent = catalog.create_agent(session, caller.account.id, body.name, definition)
        session.flush()
        campaign = campaigns.of_agents(session, caller.account.id, [agent], utc_now())[agent.id]
        return CallFlowPublic.of(agent, catalog.current_version(session, agent), campaign)


@router.get("/call_flows", summary="List call flows", responses=PAGED)
def list_call_flows(
    request: Request, response: Response, caller: CallFlowReader, database: DatabaseDep, page: PageDep
) -> list[CallFlowPublic]:
    """The oldest first."""
    account_id = caller.account.id
    query = rows_of(account_id, Agent).where(col(Agent.archived_at).is_(None))
    with database.write() as session:
        agents = read_page(session, query, Agent, page, request, response)
        versions = catalog.current_versions(session, account_id, agents)
        of = campaigns.of_agents(session, account_id, agents, utc_now())
        return [CallFlowPublic.of(agent, versions[agent.id], of[agent.id]) for agent in agents]


@router.get("/call_flows/{uid}", summary="Read a call flow")
def read_call_flow(uid: str, caller: CallFlowReader, database: DatabaseDep) -> CallFlowPublic:
    """The call flow with the `campaign_uid` that its schedules are created under."""
    with database.write() as session:
        agent = find(session, caller.account.id, Agent, id_of(CALL_FLOW, uid))
        if agent is None:
            raise not_found(CALL_FLOW, uid)
        campaign = campaigns.of_agents(session, caller.account.id, [agent], utc_now())[agent.id]
        return CallFlowPublic.of(agent, catalog.current_version(session, agent), campaign)


@router.post(
    "/campaigns",
    status_code=201,
    summary="Create a campaign",
    response_model=CampaignPublic,
    response_model_exclude_unset=True,
    responses={404: {"description": "There is no such call flow."}},
)
def create(body: CampaignCreate, caller: CampaignWriter, database: DatabaseDep) -> CampaignPublic:
    """A group of schedules."""
    with database.write() as session:
        campaign = campaigns.create(
            session,
            caller.account,
            body.name,
            is_enabled=body.is_enabled,
            agent_id=_agent_id(session, caller, body.call_flow_uid),
            now=utc_now(),
        )
        return CampaignPublic.of(campaign)


@router.get(
    "/campaigns",
    summary="List campaigns",
    response_model=list[CampaignPublic],
    response_model_exclude_unset=True,
    responses=PAGED,
)
def list_campaigns(
    request: Request, response: Response, caller: CampaignReader, database: DatabaseDep, page: PageDep
) -> list[CampaignPublic]:
    """The oldest first."""
    query = rows_of(caller.account.id, Campaign)
    with database.read() as session:
        rows = read_page(session, query, Campaign, page, request, response)
    return [CampaignPublic.of(row) for row in rows]


@router.get(
    "/campaigns/{uid}",
    summary="Read a campaign",
    response_model=CampaignPublic,
    response_model_exclude_unset=True,
)
def read(uid: str, caller: CampaignReader, database: DatabaseDep) -> CampaignPublic:
    """The campaign."""
    with database.read() as session:
        campaign = find(session, caller.account.id, Campaign, id_of(CAMPAIGN, uid))
    if campaign is None:
        raise not_found(CAMPAIGN, uid)
    return CampaignPublic.of(campaign)


@router.patch(
    "/campaigns/{uid}",
    summary="Change a campaign",
    response_model=CampaignPublic,
    response_model_exclude_unset=True,
)
def change(
    uid: str,
    body: CampaignPatch,
    caller: CampaignWriter,
    database: DatabaseDep,
    gateway: BatchGatewayDep,
    background: BackgroundTasks,
) -> CampaignPublic:
    """While a campaign is disabled its schedules wait; live conversations go on."""
    with database.write() as session:
        campaign = find(session, caller.account.id, Campaign, id_of(CAMPAIGN, uid))
        if campaign is None:
            raise not_found(CAMPAIGN, uid)
        schedules = stored.running_of(session, campaign)
        for schedule in schedules:
            check_may_change(by_test_key=caller.test, test=schedule.test)
        given = body.model_dump(exclude_unset=True)
        if "call_flow_uid" in given:
            given["agent_id"] = _agent_id(session, caller, given.pop("call_flow_uid"))
        campaigns.change(session, campaign, given, utc_now())
    for schedule in schedules:
        background.add_task(telling.tell_changed, database, gateway, schedule)
    return CampaignPublic.of(campaign)


def _agent_id(session: Session, caller: Caller, uid: str | None) -> str | None:
    if uid is None:
        return None
    agent = find(session, caller.account.id, Agent, id_of(CALL_FLOW, uid))
    if agent is None:
        raise not_found(CALL_FLOW, uid)
    return agent.id
