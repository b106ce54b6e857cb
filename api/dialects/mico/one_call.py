"""`/api/v1/outbound_calls/{uid}`: read, cancel and dial again one call of a schedule."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends
from sqlmodel import Session

from api.batches.gateway import BatchGatewayDep
from api.deps import DatabaseDep, GatewayDep, LinksDep, StarterDep
from api.dialects.mico import telling
from api.dialects.mico.auth import Caller, CallReader, CallWriter
from api.dialects.mico.call_schemas import OutboundCallPublic
from api.dialects.mico.showing import shown
from api.dialects.mico.uids import CALL, id_of, not_found
from outdial.campaigns import outbound
from outdial.errors import Conflict
from outdial.keys import check_may_change
from outdial.lifecycle import Lifecycle
from outdial.models import Batch, Call
from outdial.models.base import utc_now
from outdial.store import calls, outbound_calls
from outdial.store import campaigns as stored
from outdial.store.database import Database
from outdial.vocabulary import CallStatus

router = APIRouter(prefix="/api/v1/outbound_calls/{uid}", tags=["Mico"])

_ENDED: dict[int | str, dict[str, Any]] = {409: {"description": "The call has ended."}}
_NOT_AGAIN: dict[int | str, dict[str, Any]] = {
    409: {"description": "The call reached somebody or is being dialled, or its schedule is over."}
}


@dataclass(frozen=True)
class _One:
    """A call of the account that some schedule lists."""

    database: Database
    caller: Caller
    uid: str

    def rows(self, session: Session, *, lock: bool = False) -> tuple[Batch, Call]:
        """Its schedule and itself, locked to change them. Raises NotFound, Forbidden."""
        account_id = self.caller.account.id
        call = outbound_calls.find_listed(session, account_id, id_of(CALL, self.uid))
        if call is None or call.schedule_id is None:
            raise not_found(CALL, self.uid)
        if lock:
            check_may_change(by_test_key=self.caller.test, test=call.test)
        schedule = stored.schedule(session, account_id, call.schedule_id, lock=lock)
        return schedule, calls.locked(session, call.id) if lock else call

    def show(self) -> OutboundCallPublic:
        """As it stands now."""
        with self.database.read() as session:
            return shown(session, *self.rows(session))


def _to_read(uid: str, caller: CallReader, database: DatabaseDep) -> _One:
    return _One(database, caller, uid)


def _to_write(uid: str, caller: CallWriter, database: DatabaseDep) -> _One:
    return _One(database, caller, uid)


@router.get(
    "",
    summary="Read an outbound call",
    response_model=OutboundCallPublic,
    response_model_exclude_unset=True,
)
def read(one: Annotated[_One, Depends(_to_read)]) -> OutboundCallPublic:
    """The call with its attempts, their outcomes, and its text messages."""
    return one.show()


@router.post(
    "/cancel",
    summary="Cancel an outbound call",
    response_model=OutboundCallPublic,
    response_model_exclude_unset=True,
    responses=_ENDED,
)
def cancel(
    one: Annotated[_One, Depends(_to_write)],
    links: LinksDep,
    gateway: GatewayDep,
    starter: StarterDep,
    background: BackgroundTasks,
) -> OutboundCallPublic:
    """It is not dialled any more; a live conversation is hung up."""
    with one.database.write() as session:
        _, call = one.rows(session, lock=True)
        if call.status.ended:
            raise Conflict(f"The call has already ended: {call.status}.", code="call_ended")
        if not call.workflow_started:
            owed = outbound.cancel_unstarted(session, Lifecycle(links), call, utc_now())
            background.add_task(starter.start_deliveries, owed)
    if call.workflow_started:
        gateway.cancel(call.id)
    return one.show()


@router.post(
    "/retry",
    summary="Dial an outbound call again",
    response_model=OutboundCallPublic,
    response_model_exclude_unset=True,
    responses=_NOT_AGAIN,
)
def retry(
    one: Annotated[_One, Depends(_to_write)],
    gateway: GatewayDep,
    batch_gateway: BatchGatewayDep,
    starter: StarterDep,
    background: BackgroundTasks,
) -> OutboundCallPublic:
    """A call that ended without reaching anybody is queued again; one in its cooldown waits no longer."""
    now = utc_now()
    with one.database.write() as session:
        schedule, call = one.rows(session, lock=True)
        if call.status is CallStatus.IN_PROGRESS:
            raise Conflict("The call is being dialled or talking.", code="in_progress")
        again = call.status.ended
        if again:
            outbound.dial_again(session, schedule, call, now)
    if not again and call.workflow_started:
        gateway.reschedule(call.id, now)
    elif again and call.batch_id is None:
        background.add_task(starter.start_soon, call)
    elif again:
        background.add_task(telling.tell_added, one.database, batch_gateway, schedule)
    return one.show()
