"""`/v1/calls/scheduled`: schedule a call to a contact, list, read, reschedule, cancel."""

import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, BackgroundTasks
from fastapi.responses import Response
from sqlmodel import Session

from api.auth import Principal
from api.deps import DatabaseDep, GatewayDep, LinksDep, PageDep, PrincipalDep, SettingsDep, StarterDep
from api.dialects.temphone.envelope import Success
from api.dialects.temphone.orders import moved_to, order_of
from api.dialects.temphone.schemas import Reschedule, ScheduleCall, ScheduledCall
from api.errors import renamed_fields
from api.idempotency import OnceDep
from api.paging import read_page
from outdial.errors import Conflict, NotFound
from outdial.intake import Intake
from outdial.keys import check_may_change
from outdial.models import Call
from outdial.models.base import utc_now
from outdial.store import listing
from outdial.store.database import Database
from outdial.store.scope import find, get
from outdial.vocabulary import CallStatus

PREFIX = "/v1/calls/scheduled"
# How long an answer waits for a change to be seen before it says that the change is under way.
SEEN_WITHIN = 1.0

router = APIRouter(prefix=PREFIX, tags=["TemPhone"])

_NAMES = {"schedule_at": "scheduled_at", "number": "contact_id", "variables": "initial_message"}
_CREATED: dict[int | str, dict[str, Any]] = {
    403: {"description": "The account may not place calls, or none remain."},
    404: {"description": "There is no such contact or campaign."},
    409: {"description": "The campaign is disabled or its agent archived, or the same request is in flight."},
}
_CHANGED: dict[int | str, dict[str, Any]] = {409: {"description": "The call is being dialled, or has ended."}}


class ScheduledCalls(Success[list[ScheduledCall]]):
    """One page of scheduled calls, newest first."""

    next_cursor: str | None


@router.post(
    "", status_code=201, summary="Schedule a call", response_model=Success[ScheduledCall], responses=_CREATED
)
def create(
    body: ScheduleCall,
    principal: PrincipalDep,
    once: OnceDep,
    settings: SettingsDep,
    links: LinksDep,
    starter: StarterDep,
    background: BackgroundTasks,
) -> Response:
    """The account's default agent calls the contact, or the campaign's agent, and begins with `initial_message`."""
    intake = Intake(settings, links)

    def accept(session: Session) -> Success[ScheduledCall]:
        now, account, test = utc_now(), principal.account, principal.key.is_test
        with renamed_fields(_NAMES):
            order = order_of(session, account, body, settings, test=test, now=now)
            accepted = intake.accept_call(session, account, order, now=now)
        background.add_task(starter.start, accepted)
        return _success("AI outbound call scheduled successfully.", accepted.call)

    return once.answer("temphone.schedule", body, accept, status=201)


@router.get("", summary="List scheduled calls")
def list_scheduled(principal: PrincipalDep, database: DatabaseDep, page: PageDep) -> ScheduledCalls:
    """Newest first; whatever their status is by now."""
    with database.read() as session:
        rows, following = read_page(session, listing.calls_to_contacts(principal.account.id), Call, page)
    shown = [ScheduledCall.of(row) for row in rows]
    return ScheduledCalls(message=f"{len(shown)} scheduled calls.", data=shown, next_cursor=following)


@router.get("/{call_id}", summary="Read a scheduled call")
def read(call_id: str, principal: PrincipalDep, database: DatabaseDep) -> Success[ScheduledCall]:
    """The call as it stands."""
    return _success("Scheduled call found.", _found(database, principal.account.id, call_id))


@router.patch("/{call_id}", summary="Reschedule a call", responses=_CHANGED)
def reschedule(
    call_id: str,
    body: Reschedule,
    principal: PrincipalDep,
    database: DatabaseDep,
    settings: SettingsDep,
    gateway: GatewayDep,
    starter: StarterDep,
) -> Success[ScheduledCall]:
    """Another time for a call that has not been dialled yet."""
    account_id = principal.account.id
    call = _waiting(_to_change(database, principal, call_id))
    at, zone = moved_to(call, body, settings, utc_now())
    if zone != call.timezone:
        _move_to_timezone(database, account_id, call_id, zone)
    if not call.workflow_started:
        starter.start_call(call)
    gateway.reschedule(call_id, at)
    seen = _seen(database, account_id, call_id, lambda row: row.schedule_at == at)
    shown = _success("AI outbound call rescheduled successfully.", seen)
    # The new time is certain even where the row does not have it yet.
    return shown.model_copy(update={"data": ScheduledCall.of(seen.model_copy(update={"schedule_at": at}))})


@router.delete("/{call_id}", summary="Cancel a scheduled call", responses=_CHANGED)
def cancel(
    call_id: str, principal: PrincipalDep, database: DatabaseDep, gateway: GatewayDep, starter: StarterDep
) -> Success[ScheduledCall]:
    """The call is not dialled any more; a live conversation is hung up."""
    account_id = principal.account.id
    call = _to_change(database, principal, call_id)
    if call.status.ended:
        raise Conflict(f"The call has already ended: {call.status}.", code="call_ended")
    if not call.workflow_started:
        starter.start_call(call)
    gateway.cancel(call_id)
    seen = _seen(database, account_id, call_id, lambda row: row.status.ended)
    if seen.status.ended:
        return _success("AI outbound call canceled successfully.", seen)
    return _success("AI outbound call is being canceled.", seen)


def _success(message: str, call: Call) -> Success[ScheduledCall]:
    return Success(message=message, data=ScheduledCall.of(call))


def _found(database: Database, account_id: str, call_id: str) -> Call:
    with database.read() as session:
        call = find(session, account_id, Call, call_id)
    if call is None or call.contact_id is None or call.initial_message is None:
        raise NotFound(f"Scheduled call not found: {call_id}.")
    return call


def _to_change(database: Database, principal: Principal, call_id: str) -> Call:
    call = _found(database, principal.account.id, call_id)
    check_may_change(by_test_key=principal.key.is_test, test=call.test)
    return call


def _move_to_timezone(database: Database, account_id: str, call_id: str, zone: str) -> None:
    with database.write() as session:
        call = get(session, account_id, Call, call_id)
        call.timezone = zone
        session.add(call)


def _waiting(call: Call) -> Call:
    if call.status.ended:
        raise Conflict(f"The call has already ended: {call.status}.", code="call_ended")
    if call.status is CallStatus.IN_PROGRESS:
        raise Conflict("The call is already in progress.", code="in_progress")
    return call


def _seen(database: Database, account_id: str, call_id: str, changed: Callable[[Call], bool]) -> Call:
    """The row once it shows the change, or as it is after a short while."""
    until = time.monotonic() + SEEN_WITHIN
    while True:
        call = _found(database, account_id, call_id)
        if changed(call) or time.monotonic() > until:
            return call
        time.sleep(0.05)
