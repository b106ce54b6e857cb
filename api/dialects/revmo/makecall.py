"""`/v1/makecall`: place one call with one of an agent's tasks."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, BackgroundTasks
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.body import Body, PhoneText
from api.deps import DatabaseDep, LinksDep, PrincipalDep, SettingsDep, StarterDep
from api.errors import renamed_fields
from api.idempotency import OnceDep
from outdial.intake import CallRequest, Intake
from outdial.models import Call
from outdial.models.base import utc_now
from outdial.store.scope import get
from outdial.vocabulary import CallStatus, Disposition

PREFIX = "/v1/makecall"

router = APIRouter(prefix=PREFIX, tags=["Revmo"])

_EXAMPLE: dict[str, Any] = {
    "agentId": "agent_01k9x2m4v6b8n0c2d4f6g8h0j2",
    "to": "+12025550123",
    "trigger": "sales_followup",
    "metadata": {"customer_name": "John Doe", "account_type": "premium"},
}
_NAMES = {"agent_id": "agentId", "number": "to", "variables": "metadata"}
_REFUSED: dict[int | str, dict[str, Any]] = {
    403: {"description": "Outbound calling is not enabled for the account, or no calls remain."},
    404: {"description": "There is no such agent."},
    409: {"description": "The agent is archived, or the same request is in flight."},
}


class MakeCall(Body):
    """A call to place now."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    agentId: str  # noqa: N815 (the published name)
    to: PhoneText = Field(description="E.164.", examples=["+12025550123"])
    trigger: str | None = Field(None, description="Which of the agent's tasks this is.")
    metadata: dict[str, Any] | None = Field(
        None,
        description="The agent is told it, `{{customer_name}}` in its texts names a value, and webhooks carry it.",
    )
    initial_silence_timeout: int | None = Field(
        None, description="Milliseconds until a callee who says nothing is asked.", examples=[5000]
    )

    def to_request(self, *, test: bool) -> CallRequest:
        """The same in the domain's words."""
        told = self.metadata or {}
        return CallRequest(
            agent_id=self.agentId,
            number=self.to,
            any_length=True,
            test=test,
            trigger=self.trigger,
            variables=told,
            metadata=told,
            metadata_for_agent=True,
            initial_silence_timeout=self.initial_silence_timeout,
        )


class CallMade(BaseModel):
    """The call is recorded and will be dialled."""

    result: Literal["Ok"] = "Ok"
    external_id: str = Field(description="Names the call.", examples=["call_01k9x2m4v6b8n0c2d4f6g8h0j2"])
    calls_remaining: int | None = Field(
        description="How many more calls the account may place; null: any number.", examples=[41]
    )


class CallShown(BaseModel):
    """A call as it stands."""

    result: Literal["Ok"] = "Ok"
    external_id: str
    status: CallStatus
    agentId: str  # noqa: N815
    to: str
    trigger: str | None
    metadata: dict[str, Any]
    initial_silence_timeout: int | None
    disposition: Disposition | None = Field(description="How the last attempt ended.")
    outcome: str | None = Field(description="The tag the call ended with.")
    end_reason: str | None
    summary: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, call: Call) -> "CallShown":
        """What is shown of a row."""
        names = {"external_id": call.id, "agentId": call.agent_id, "to": call.number}
        shown = call.model_dump(include=set(cls.model_fields) - {"external_id"})
        return cls.model_validate({**shown, **names, "metadata": call.client_metadata})


@router.post("/", status_code=201, summary="Place a call", response_model=CallMade, responses=_REFUSED)
@router.post("", status_code=201, response_model=CallMade, include_in_schema=False)
def create(
    body: MakeCall,
    principal: PrincipalDep,
    once: OnceDep,
    settings: SettingsDep,
    links: LinksDep,
    starter: StarterDep,
    background: BackgroundTasks,
) -> Response:
    """Now. Each call that is taken counts one off `calls_remaining`; with a test key none does."""
    intake = Intake(settings, links)

    def accept(session: Session) -> CallMade:
        request = body.to_request(test=principal.key.is_test)
        with renamed_fields(_NAMES):
            accepted = intake.accept_call(session, principal.account, request, now=utc_now())
        background.add_task(starter.start, accepted)
        remaining = principal.account.calls_remaining if request.test else accepted.calls_remaining
        return CallMade(external_id=accepted.call.id, calls_remaining=remaining)

    return once.answer("revmo.makecall", body, accept, status=201)


@router.get("/{external_id}/", include_in_schema=False)
@router.get("/{external_id}", summary="Read a call")
def read(external_id: str, principal: PrincipalDep, database: DatabaseDep) -> CallShown:
    """Where it stands, and what came of it."""
    with database.read() as session:
        return CallShown.of(get(session, principal.account.id, Call, external_id))
