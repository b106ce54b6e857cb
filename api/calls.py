"""Calls: place, list, read, with transcript and recording."""

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Request
from fastapi.responses import FileResponse, Response
from sqlmodel import Session

from api.body import Instant
from api.deps import DatabaseDep, LinksDep, PageDep, PrincipalDep, SettingsDep, StarterDep
from api.do_not_call import number_in_query
from api.errors import renamed_fields
from api.idempotency import OnceDep
from api.media import recording_response
from api.paging import Listing, read_page
from api.queries import keyed_parameter, keyed_values
from api.schemas.calls import CallCreate, CallDetail, CallPublic
from outdial.conversation.latency import latency_of
from outdial.errors import Invalid
from outdial.intake import Intake
from outdial.models import Call
from outdial.models.base import utc_now
from outdial.store import calls, listing
from outdial.store.scope import get
from outdial.transcript import Transcript, transcript_of
from outdial.vocabulary import CallStatus

router = APIRouter(prefix="/v1", tags=["calls"])

_MAX_METADATA_FILTERS = 10
_NAMES = {"number": "recipient_phone"}


def _filter(
    request: Request,
    status: CallStatus | None = None,
    outcome: str | None = None,
    number: Annotated[str | None, Query(description="E.164.", examples=["+12025550123"])] = None,
    agent_id: str | None = None,
    created_from: Instant | None = None,
    created_to: Annotated[Instant | None, Query(description="This instant itself is not included.")] = None,
) -> listing.CallFilter:
    return listing.CallFilter(
        status=status,
        outcome=outcome,
        number=number and number_in_query(number),
        agent_id=agent_id,
        created_from=created_from,
        created_to=created_to,
        metadata=_metadata_filter(request),
    )


FilterDep = Annotated[listing.CallFilter, Depends(_filter)]

_PLACED: dict[int | str, dict[str, Any]] = {
    403: {"description": "Outbound calling is not enabled for the account, or no calls remain."},
    404: {"description": "There is no such agent or campaign."},
    409: {
        "description": "The agent is archived, the campaign disabled, or the first request with this key is"
        " still being answered."
    },
}


@router.post("/call", status_code=201, summary="Place a call", response_model=CallPublic, responses=_PLACED)
@router.post("/calls", status_code=201, summary="Place a call", response_model=CallPublic, responses=_PLACED)
def create(
    body: CallCreate,
    principal: PrincipalDep,
    once: OnceDep,
    settings: SettingsDep,
    links: LinksDep,
    starter: StarterDep,
    background: BackgroundTasks,
) -> Response:
    """Now, or at `schedule_at`. An answer of 201 means that the call is recorded and will be dialled."""
    intake = Intake(settings, links)

    def accept(session: Session) -> CallPublic:
        with renamed_fields(_NAMES):
            request = body.to_request(test=principal.key.is_test)
            accepted = intake.accept_call(session, principal.account, request, now=utc_now())
        background.add_task(starter.start, accepted)
        return CallPublic.of(accepted.call, accepted.agent_version)

    return once.answer("call.create", body, accept, status=201)


@router.get(
    "/calls",
    summary="List calls",
    openapi_extra=keyed_parameter("metadata", "Calls whose metadata has this value under this key."),
)
def list_calls(
    principal: PrincipalDep, database: DatabaseDep, page: PageDep, wanted: FilterDep
) -> Listing[CallPublic]:
    """Newest first. Filters narrow together; `metadata[key]=value` filters on your own metadata."""
    account_id = principal.account.id
    with database.read() as session:
        query = listing.calls_matching(session, account_id, wanted)
        rows, following = read_page(session, query, Call, page)
        versions = listing.agent_versions(session, account_id, rows)
    shown = [CallPublic.of(row, versions[row.agent_version_id]) for row in rows]
    return Listing(data=shown, next_cursor=following)


@router.get("/calls/{call_id}", summary="Read a call")
def read(call_id: str, principal: PrincipalDep, database: DatabaseDep, links: LinksDep) -> CallDetail:
    """The call with its attempts and its timeline."""
    with database.read() as session:
        call = get(session, principal.account.id, Call, call_id)
        attempts = calls.attempts_of(session, call)
        events = calls.events_of(session, call)
        version = calls.agent_version(session, call).version
        transcript = transcript_of(session, call)
        latency = latency_of(calls.latencies_of(session, call))
    now = utc_now()
    recorded = any(attempt.recording for attempt in attempts)
    return CallDetail.build(
        call,
        version,
        attempts,
        events,
        latency,
        transcript_url=links.transcript_url(call.id, now) if transcript.is_kept else None,
        recording_url=links.recording_url(call.id, now) if recorded else None,
    )


@router.get("/calls/{call_id}/transcript", summary="Read a call's transcript")
def read_transcript(call_id: str, principal: PrincipalDep, database: DatabaseDep) -> Transcript:
    """What was said, attempt by attempt; it grows while the call is live."""
    with database.read() as session:
        return transcript_of(session, get(session, principal.account.id, Call, call_id))


@router.get("/calls/{call_id}/recording", summary="Fetch a call's recording", response_class=FileResponse)
def read_recording(
    call_id: str, principal: PrincipalDep, database: DatabaseDep, settings: SettingsDep
) -> Response:
    """The audio file of the latest recorded attempt; 404 where nothing was recorded."""
    with database.read() as session:
        call = get(session, principal.account.id, Call, call_id)
    return recording_response(database, call, settings)


def _metadata_filter(request: Request) -> dict[str, str]:
    wanted = keyed_values(request, "metadata")
    if len(wanted) > _MAX_METADATA_FILTERS:
        raise Invalid(f"Expected at most {_MAX_METADATA_FILTERS} filters on metadata.", field="metadata")
    return wanted
