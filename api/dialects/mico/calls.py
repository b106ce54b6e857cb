"""`/api/v1/schedules/{uid}/outbound_calls`: add calls, one or up to a thousand at once; and list them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Query, Request, Response
from pydantic import ValidationError
from sqlmodel import Session

from api.batches.gateway import BatchGatewayDep
from api.deps import DatabaseDep, LinksDep, SettingsDep, StarterDep
from api.dialects.mico import telling
from api.dialects.mico.auth import Caller, CallReader, CallWriter
from api.dialects.mico.call_schemas import (
    BulkAnswer,
    BulkCreate,
    BulkFailure,
    OutboundCallAdded,
    OutboundCallCreate,
    OutboundCallPublic,
    SingleCreate,
)
from api.dialects.mico.failures import explained
from api.dialects.mico.filters import FilterDep
from api.dialects.mico.paging import PAGED, PageDep
from api.dialects.mico.showing import shown, shown_all
from api.dialects.mico.totals import TotalsDep
from api.dialects.mico.uids import SCHEDULE, id_of, uid_of
from api.errors import FieldError, field_errors_of, renamed_fields
from outdial.batches.request import Recipient, RejectedRow
from outdial.campaigns import outbound
from outdial.errors import Invalid, OutdialError
from outdial.intake import Intake
from outdial.keys import check_may_change
from outdial.models import Batch, Call
from outdial.models.base import utc_now
from outdial.store import campaigns as stored
from outdial.store import outbound_calls
from outdial.store.scope import get

router = APIRouter(prefix="/api/v1/schedules/{uid}/outbound_calls", tags=["Mico"])

_NAMES = {"phone": "phone_number", "number": "phone_number", "variables": "custom_parameters"}
_REFUSED: dict[int | str, dict[str, Any]] = {
    409: {"description": "The schedule is enabled and `force` was not given, or it is over."}
}
Force = Annotated[bool, Query(description="Add calls although the schedule is enabled: they join its run.")]


@router.post(
    "",
    status_code=201,
    summary="Create an outbound call",
    response_model=OutboundCallPublic,
    response_model_exclude_unset=True,
    responses=_REFUSED,
)
def create(
    uid: str,
    body: SingleCreate,
    caller: CallWriter,
    database: DatabaseDep,
    settings: SettingsDep,
    links: LinksDep,
    gateway: BatchGatewayDep,
    starter: StarterDep,
    background: BackgroundTasks,
    force: Force = False,
) -> OutboundCallPublic:
    """One call; with `is_test_call` it is dialled now and stays out of the schedule's counts."""
    account, now = caller.account, utc_now()
    with database.write() as session, renamed_fields(_NAMES):
        schedule, intake = _locked(session, caller, uid), Intake(settings, links)
        if body.is_test_call:
            test = caller.test or schedule.test
            accepted = outbound.try_out(session, intake, account, schedule, body, test=test, now=now)
            call = accepted.call
            background.add_task(starter.start, accepted)
        else:
            check_may_change(by_test_key=caller.test, test=schedule.test)
            people = [body.recipient()]
            taken = outbound.add_calls(session, intake, account, schedule, people, force=force, now=now)
            if taken.rejected:
                raise _as_error(taken.rejected[0])
            call = get(session, account.id, Call, taken.accepted[0].call_id)
            background.add_task(telling.tell_added, database, gateway, schedule)
        session.flush()
        return shown(session, schedule, call)


@router.post("/bulk", status_code=201, summary="Create many outbound calls", responses=_REFUSED)
def create_many(
    uid: str,
    body: BulkCreate,
    caller: CallWriter,
    database: DatabaseDep,
    settings: SettingsDep,
    links: LinksDep,
    gateway: BatchGatewayDep,
    background: BackgroundTasks,
    force: Force = False,
) -> BulkAnswer:
    """1 to 1,000 calls at once. Those that can't be added are named with the reason; the others are added."""
    sorted_out, intake = _sort_out(body.outbound_calls), Intake(settings, links)
    with database.write() as session:
        schedule = _locked(session, caller, uid)
        check_may_change(by_test_key=caller.test, test=schedule.test)
        taken = outbound.add_calls(
            session, intake, caller.account, schedule, sorted_out.recipients, force=force, now=utc_now()
        )
    background.add_task(telling.tell_added, database, gateway, schedule)
    failures = [*sorted_out.failures, *(sorted_out.failure_of(row) for row in taken.rejected)]
    return BulkAnswer(
        outbound_calls=[
            OutboundCallAdded(
                uid=uid_of(row.call_id), external_id=row.external_id, status="pending", progress="in_queue"
            )
            for row in taken.accepted
        ],
        total_count=len(body.outbound_calls),
        successful_count=taken.accepted_count,
        failed_count=len(failures),
        failures=sorted(failures, key=lambda failure: failure.index),
    )


@router.get(
    "",
    summary="List outbound calls",
    response_model=list[OutboundCallPublic],
    response_model_exclude_unset=True,
    responses=PAGED,
)
def list_calls(
    uid: str,
    request: Request,
    response: Response,
    caller: CallReader,
    database: DatabaseDep,
    page: PageDep,
    wanted: FilterDep,
    totals: TotalsDep,
) -> list[OutboundCallPublic]:
    """In the order in which they were added. Filters narrow together."""
    with database.read() as session:
        schedule = stored.schedule(session, caller.account.id, id_of(SCHEDULE, uid))
        kept = wanted.for_account(caller.account)
        page.tell(request, response, totals.of(session, schedule, kept))
        rows = outbound_calls.page_of(session, schedule, kept, skip=page.skip, limit=page.size)
        return shown_all(session, schedule, rows)


def _locked(session: Session, caller: Caller, uid: str) -> Batch:
    return stored.schedule(session, caller.account.id, id_of(SCHEDULE, uid), lock=True)


@dataclass
class _SortedOut:
    """What can be read of a bulk request: recipients with their places in it, and failures."""

    recipients: list[Recipient] = field(default_factory=list[Recipient])
    places: list[int] = field(default_factory=list[int])
    failures: list[BulkFailure] = field(default_factory=list[BulkFailure])

    def failure_of(self, row: RejectedRow) -> BulkFailure:
        """A row that was refused, as it is shown."""
        error = _as_error(row)
        named = FieldError(field=error.field, code=error.code, message=error.message)
        return _failure(self.places[row.index], [named])


def _sort_out(items: Sequence[Any]) -> _SortedOut:
    found = _SortedOut()
    for index, item in enumerate(items):
        try:
            found.recipients.append(OutboundCallCreate.model_validate(item).recipient())
            found.places.append(index)
        except ValidationError as error:
            found.failures.append(_failure(index, field_errors_of(error)))
        except OutdialError as error:
            named = FieldError(field=error.field, code=error.code, message=error.message)
            found.failures.append(_failure(index, [named]))
    return found


def _failure(index: int, wrong: list[FieldError]) -> BulkFailure:
    reason, details = explained(wrong)
    return BulkFailure(index=index, reason=reason, details=details)


def _as_error(row: RejectedRow) -> Invalid:
    """Why a row was refused, naming the field as this dialect does."""
    name = _NAMES.get(row.field or "phone", row.field)
    return Invalid(row.reason, field=name, code=row.code)
