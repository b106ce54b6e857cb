"""`/api/v1/campaigns/{uid}/schedules` and `/api/v1/schedules/{uid}`: when calls are made."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlmodel import Session

from api.batches.gateway import BatchGatewayDep
from api.deps import DatabaseDep, SettingsDep
from api.dialects.mico import telling
from api.dialects.mico.auth import Caller, CampaignReader, CampaignWriter
from api.dialects.mico.paging import PAGED, PageDep, read_page
from api.dialects.mico.schedule_schemas import ScheduleCreate, SchedulePatch, SchedulePublic
from api.dialects.mico.uids import CAMPAIGN, SCHEDULE, id_of, not_found
from outdial.campaigns import schedules
from outdial.keys import check_may_change
from outdial.models import Batch, Campaign
from outdial.models.base import utc_now
from outdial.store import campaigns as stored
from outdial.store.scope import find

router = APIRouter(prefix="/api/v1", tags=["Mico"])

_OVER: dict[int | str, dict[str, Any]] = {409: {"description": "The schedule is over."}}
_KEPT: dict[int | str, dict[str, Any]] = {409: {"description": "The schedule is enabled, or has calls."}}


@router.post(
    "/campaigns/{uid}/schedules",
    status_code=201,
    summary="Create a schedule",
    response_model=SchedulePublic,
    response_model_exclude_unset=True,
    responses={409: {"description": "The campaign's call flow is archived."}},
)
def create(
    uid: str,
    body: ScheduleCreate,
    caller: CampaignWriter,
    database: DatabaseDep,
    settings: SettingsDep,
    gateway: BatchGatewayDep,
    background: BackgroundTasks,
) -> SchedulePublic:
    """A schedule without calls, not enabled."""
    with _named_fields():
        terms = body.terms()
    with database.write() as session:
        campaign = _campaign(session, caller, uid)
        schedule = schedules.create(
            session, settings, caller.account, campaign, terms, test=caller.test, now=utc_now()
        )
    background.add_task(telling.tell_changed, database, gateway, schedule)
    return SchedulePublic.of(schedule)


@router.get(
    "/campaigns/{uid}/schedules",
    summary="List a campaign's schedules",
    response_model=list[SchedulePublic],
    response_model_exclude_unset=True,
    responses=PAGED,
)
def list_schedules(
    uid: str,
    request: Request,
    response: Response,
    caller: CampaignReader,
    database: DatabaseDep,
    page: PageDep,
) -> list[SchedulePublic]:
    """The oldest first."""
    with database.read() as session:
        campaign = _campaign(session, caller, uid)
        query = stored.schedules_of(caller.account.id, campaign.id)
        rows = read_page(session, query, Batch, page, request, response)
    return [SchedulePublic.of(row) for row in rows]


@router.get(
    "/schedules/{uid}",
    summary="Read a schedule",
    response_model=SchedulePublic,
    response_model_exclude_unset=True,
)
def read(uid: str, caller: CampaignReader, database: DatabaseDep) -> SchedulePublic:
    """The schedule as it stands."""
    with database.read() as session:
        return SchedulePublic.of(stored.schedule(session, caller.account.id, id_of(SCHEDULE, uid)))


@router.patch(
    "/schedules/{uid}",
    summary="Change a schedule",
    response_model=SchedulePublic,
    response_model_exclude_unset=True,
    responses=_OVER,
)
def change(
    uid: str,
    body: SchedulePatch,
    caller: CampaignWriter,
    database: DatabaseDep,
    settings: SettingsDep,
    gateway: BatchGatewayDep,
    background: BackgroundTasks,
) -> SchedulePublic:
    """Enable, disable, move, rename: what was not dialled yet follows; live conversations go on."""
    with database.write() as session:
        schedule = _to_change(session, caller, uid)
        with _named_fields():
            terms = body.terms(schedule.retry or {})
        changed = schedules.change(session, settings, caller.account, schedule, terms, utc_now())
    if changed:
        background.add_task(telling.tell_changed, database, gateway, schedule)
    return SchedulePublic.of(schedule)


@router.delete("/schedules/{uid}", status_code=204, summary="Delete an empty schedule", responses=_KEPT)
def delete(
    uid: str,
    caller: CampaignWriter,
    database: DatabaseDep,
    gateway: BatchGatewayDep,
    background: BackgroundTasks,
) -> None:
    """A schedule that is disabled and has no calls."""
    with database.write() as session:
        schedule = _to_change(session, caller, uid)
        schedules.delete(session, schedule)
    if schedule.workflow_started:
        # It finds its row gone, and ends.
        background.add_task(telling.tell_changed, database, gateway, schedule)


def _to_change(session: Session, caller: Caller, uid: str) -> Batch:
    schedule = stored.schedule(session, caller.account.id, id_of(SCHEDULE, uid), lock=True)
    check_may_change(by_test_key=caller.test, test=schedule.test)
    return schedule


def _campaign(session: Session, caller: Caller, uid: str) -> Campaign:
    campaign = find(session, caller.account.id, Campaign, id_of(CAMPAIGN, uid))
    if campaign is None:
        raise not_found(CAMPAIGN, uid)
    return campaign


@contextmanager
def _named_fields() -> Generator[None]:
    """Let errors in a retry policy name the fields that they came from."""
    try:
        yield
    except ValidationError as error:
        found = [
            {**one, "loc": ("body", f"retry_{one['loc'][0]}", *one["loc"][1:])} for one in error.errors()
        ]
        raise RequestValidationError(found) from error
