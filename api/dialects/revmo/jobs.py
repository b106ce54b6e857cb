"""`/v1/outbound-jobs`: upload many numbers, called one after the other; progress and reports."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WrapValidator
from sqlmodel import Session

from api.batches import reports
from api.batches.actions import Running
from api.batches.events import EventSourceResponse, watch
from api.batches.files import EncodingText, FileDep, MappingDep, RegionText, digest_of
from api.batches.gateway import BatchGatewayDep
from api.batches.row import Row, digest_with_rows
from api.batches.taking import UploadDep
from api.body import Body, PhoneText
from api.deps import DatabaseDep, PageDep, PrincipalDep
from api.errors import renamed_fields
from api.forms import KNOWN_FIELDS_ONLY
from api.paging import read_page
from outdial.batches.files import RecipientFile
from outdial.batches.progress import BatchProgress, progress_of, progress_of_each
from outdial.batches.request import LONGEST_SPACING, MAX_NAME, BatchRequest, Recipient, Taken
from outdial.models import Batch, BatchStatus
from outdial.models.base import utc_now
from outdial.store import batches
from outdial.store.scope import get, rows_of

PREFIX = "/v1/outbound-jobs"
SPACING = 5.0

router = APIRouter(prefix=PREFIX, tags=["Revmo"])

_EXAMPLE: dict[str, Any] = {
    "agentId": "agent_01k9x2m4v6b8n0c2d4f6g8h0j2",
    "to": ["+12025550123", "+12025550124"],
    "trigger": "sales_followup",
}
_NAMES = {"agent_id": "agentId", "recipients": "to", "concurrency": "lines"}
_REFUSED: dict[int | str, dict[str, Any]] = {
    403: {
        "description": "Outbound calling is not enabled for the account, or its plan allows fewer numbers."
    },
    404: {"description": "There is no such agent."},
    409: {"description": "The agent is archived, or the same request is in flight."},
}
Spacing = Annotated[float, Field(ge=0, le=LONGEST_SPACING, description="Seconds between two calls.")]


class JobNumber(Row):
    """One number with what the agent is told of it."""

    naming = ("to",)

    to: PhoneText = Field(description="E.164.", examples=["+12025550123"])
    metadata: dict[str, Any] | None = Field(default=None, description="Values for this number.")

    def to_recipient(self) -> Recipient:
        """The same in the domain's words."""
        if self.fault is not None:
            return Recipient(self.to, error=self.fault.error)
        told = self.metadata or {}
        return Recipient(self.to, told, metadata=told)

    def also_told(self, shared: dict[str, Any]) -> "JobNumber":
        """The same with what all numbers of the job are told; its own metadata counts for more."""
        return self.model_copy(update={"metadata": {**shared, **(self.metadata or {})}})


def _as_number(row: Any) -> Any:
    return {"to": row} if isinstance(row, str) else row


_JobRow = Annotated[
    JobNumber,
    WrapValidator(JobNumber.read),
    BeforeValidator(_as_number, json_schema_input_type=str | JobNumber),
]


class JobCreate(Body):
    """Numbers to call, one after the other."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    agentId: str  # noqa: N815 (the published style)
    rows = "to"
    to: list[_JobRow] = Field(min_length=1, description="Numbers, alone or with metadata.")
    trigger: str | None = Field(None, description="Which of the agent's tasks the calls are.")
    metadata: dict[str, Any] | None = Field(None, description="Told to the agent in every call.")
    call_spacing: Spacing = SPACING
    name: str | None = Field(None, max_length=MAX_NAME)

    def recipients(self) -> list[Recipient]:
        """The numbers, each with what all of them are told."""
        return [row.also_told(self.metadata or {}).to_recipient() for row in self.to]


class JobRejected(BaseModel):
    """A number that is not called."""

    index: int
    line: int | None
    to: str
    code: str
    message: str


class JobMade(BaseModel):
    """The job is recorded and will be worked through."""

    result: Literal["Ok"] = "Ok"
    external_id: str = Field(description="Names the job.", examples=["batch_01k9x2m4v6b8n0c2d4f6g8h0j2"])
    accepted: int
    rejected: list[JobRejected] = Field(description="The first 10,000.")
    calls_remaining: int | None = Field(
        description="How many more calls the account may place; null: any number."
    )


class JobShown(BaseModel):
    """A job and how far it has come."""

    result: Literal["Ok"] = "Ok"
    external_id: str
    name: str
    status: BatchStatus
    agentId: str  # noqa: N815
    trigger: str | None
    call_spacing: float
    total: int
    pending: int
    in_progress: int
    completed: int
    failed: int
    canceled: int
    answer_rate: float | None
    outcomes: dict[str, int]
    created_at: datetime
    started_at: datetime | None
    estimated_end_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, batch: Batch, progress: BatchProgress) -> "JobShown":
        """What is shown of a batch."""
        names = {"external_id": batch.id, "agentId": batch.agent_id, "call_spacing": batch.spacing_seconds}
        own = batch.model_dump(include={"name", "status", "trigger", "created_at"})
        return cls.model_validate({**progress.model_dump(), **own, **names})


class JobList(BaseModel):
    """Jobs, newest first."""

    result: Literal["Ok"] = "Ok"
    jobs: list[JobShown]
    next_cursor: str | None


def _made(session: Session, taken: Taken) -> JobMade:
    account = batches.account_of(session, taken.batch)
    session.refresh(account)
    return JobMade(
        external_id=taken.batch.id,
        accepted=taken.accepted_count,
        rejected=[
            JobRejected(index=row.index, line=row.line, to=row.phone, code=row.code, message=row.reason)
            for row in taken.rejected
        ],
        calls_remaining=account.calls_remaining,
    )


@router.post("/", status_code=201, summary="Call many numbers", response_model=JobMade, responses=_REFUSED)
@router.post("", status_code=201, response_model=JobMade, include_in_schema=False)
def create(body: JobCreate, upload: UploadDep) -> Response:
    """One call after the other, 5 seconds apart unless `call_spacing` says otherwise."""
    request = _request(upload, body.agentId, body.trigger, body.call_spacing, body.name)
    with renamed_fields(_NAMES):
        return upload.create(
            request, body.recipients(), digest=f"jobs {digest_with_rows(body, body.to)}", show=_made
        )


@router.post(
    "/upload/",
    include_in_schema=False,
    status_code=201,
    response_model=JobMade,
    dependencies=KNOWN_FIELDS_ONLY,
)
@router.post(
    "/upload",
    status_code=201,
    summary="Call the numbers of a file",
    dependencies=KNOWN_FIELDS_ONLY,
    response_model=JobMade,
    responses=_REFUSED,
)
def create_from_file(
    file: FileDep,
    upload: UploadDep,
    mapping: MappingDep,
    agent_id: Annotated[str, Form(alias="agentId")],
    trigger: Annotated[str | None, Form()] = None,
    call_spacing: Annotated[float, Form(ge=0, le=LONGEST_SPACING)] = SPACING,
    name: Annotated[str | None, Form(max_length=MAX_NAME)] = None,
    default_region: RegionText = None,
    encoding: EncodingText = None,
) -> Response:
    """CSV with a header; a column of numbers, and every other column is metadata of its name."""
    opened = RecipientFile(file.file, encoding=encoding, region=default_region)
    chosen = opened.mapping(mapping)
    rows = (
        Recipient(row.phone, row.variables, row.external_id, row.variables, row.line, row.error)
        for row in opened.recipients(chosen)
    )
    request = _request(upload, agent_id, trigger, call_spacing, name, default_region)
    asked = [request.model_dump_json(), chosen.model_dump_json(), digest_of(file.file)]
    with renamed_fields(_NAMES):
        return upload.create(request, rows, digest=f"jobs {json.dumps(asked)}", show=_made)


@router.get("/", include_in_schema=False)
@router.get("", summary="List jobs")
def list_jobs(principal: PrincipalDep, database: DatabaseDep, page: PageDep) -> JobList:
    """Newest first, each with its progress."""
    with database.read() as session:
        rows, following = read_page(session, rows_of(principal.account.id, Batch), Batch, page)
        progress = progress_of_each(session, rows, utc_now())
    shown = [JobShown.of(row, counts) for row, counts in zip(rows, progress, strict=True)]
    return JobList(jobs=shown, next_cursor=following)


@router.get("/{external_id}/", include_in_schema=False)
@router.get("/{external_id}", summary="Read a job's progress")
def read(external_id: str, principal: PrincipalDep, database: DatabaseDep) -> JobShown:
    """How far it has come."""
    with database.read() as session:
        batch = get(session, principal.account.id, Batch, external_id)
        return JobShown.of(batch, progress_of(session, batch, utc_now()))


@router.post("/{external_id}/{action}", status_code=202, summary="Pause, resume or cancel a job")
def steer(
    external_id: str,
    action: Literal["pause", "resume", "cancel"],
    principal: PrincipalDep,
    database: DatabaseDep,
    gateway: BatchGatewayDep,
) -> JobShown:
    """A pause lets live conversations end; a cancel hangs up."""
    sending = {
        "pause": lambda: gateway.pause_batch(external_id),
        "resume": lambda: gateway.resume_batch(external_id),
        "cancel": lambda: gateway.cancel_batch(external_id, graceful=False),
    }
    running = Running(database, gateway, principal, external_id)
    return JobShown.of(*running.tell(sending[action]))


@router.get("/{external_id}/events", summary="Watch a job", response_class=EventSourceResponse)
async def follow(external_id: str, principal: PrincipalDep, database: DatabaseDep) -> EventSourceResponse:
    """Server-sent events: `progress` whenever the counts change, `ended` at last."""
    return await watch(external_id, principal, database)


@router.get("/{external_id}/report", summary="Download a job's report", response_class=StreamingResponse)
def report(
    external_id: str,
    principal: PrincipalDep,
    database: DatabaseDep,
    bom: Annotated[bool, Query()] = False,
) -> StreamingResponse:
    """CSV: every number with what came of it so far."""
    return reports.report_csv(external_id, principal, database, bom)


def _request(
    upload: UploadDep,
    agent_id: str,
    trigger: str | None,
    spacing: float,
    name: str | None,
    region: str | None = None,
) -> BatchRequest:
    return BatchRequest(
        agent_id=agent_id,
        name=name or None,
        trigger=trigger,
        spacing_seconds=spacing,
        metadata_for_agent=True,
        default_region=region,
        test=upload.principal.key.is_test,
    )
