"""What can be done to a call that has been placed: pause, resume, cancel, reschedule."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from api.auth import Principal
from api.deps import DatabaseDep, GatewayDep, LinksDep, PrincipalDep, SettingsDep, StarterDep
from api.gateway import Gateway
from api.schemas.calls import CallPublic, Reschedule
from api.starting import Starter
from outdial.errors import Conflict, Invalid
from outdial.intake import Intake
from outdial.keys import check_may_change
from outdial.models import Call
from outdial.models.base import utc_now
from outdial.store import calls
from outdial.store.database import Database
from outdial.store.scope import get
from outdial.vocabulary import CallStatus

_ENDED: dict[int | str, dict[str, Any]] = {409: {"description": "The call has ended."}}
_BUSY: dict[int | str, dict[str, Any]] = {409: {"description": "The call has ended, or is being dialled."}}

router = APIRouter(prefix="/v1/calls/{call_id}", tags=["calls"])


@dataclass(frozen=True)
class _Running:
    """A call of the account that has not ended; reading and signalling it."""

    database: Database
    gateway: Gateway
    starter: Starter
    principal: Principal
    call_id: str

    def load(self) -> Call:
        """Raises NotFound, Forbidden for a live call and a test key, Conflict where the call has ended."""
        call = self._read()
        check_may_change(by_test_key=self.principal.key.is_test, test=call.test)
        if call.status.ended:
            raise Conflict(f"The call has ended: {call.status}.", code="call_ended")
        return call

    def signal(self, send: Callable[[], None]) -> CallPublic:
        """Send a signal and show the call. A call that no one has started yet is started first."""
        call = self.load()
        if not call.workflow_started:
            self.starter.start_call(call)
        send()
        with self.database.read() as session:
            call = get(session, self.principal.account.id, Call, self.call_id)
            return CallPublic.of(call, calls.agent_version(session, call).version)

    def _read(self) -> Call:
        with self.database.read() as session:
            return get(session, self.principal.account.id, Call, self.call_id)


def _running(
    call_id: str, principal: PrincipalDep, database: DatabaseDep, gateway: GatewayDep, starter: StarterDep
) -> _Running:
    return _Running(database, gateway, starter, principal, call_id)


_RunningDep = Annotated[_Running, Depends(_running)]


@router.post("/pause", status_code=202, summary="Pause a call", responses=_ENDED)
def pause(running: _RunningDep) -> CallPublic:
    """No further dial until it is resumed; a live conversation goes on."""
    return running.signal(lambda: running.gateway.pause(running.call_id))


@router.post("/resume", status_code=202, summary="Resume a call", responses=_ENDED)
def resume(running: _RunningDep) -> CallPublic:
    """Take a pause back."""
    return running.signal(lambda: running.gateway.resume(running.call_id))


@router.post("/cancel", status_code=202, summary="Cancel a call", responses=_ENDED)
def cancel(running: _RunningDep) -> CallPublic:
    """End the call; a live conversation is hung up."""
    return running.signal(lambda: running.gateway.cancel(running.call_id))


@router.post("/reschedule", status_code=202, summary="Reschedule a call", responses=_BUSY)
def reschedule(body: Reschedule, running: _RunningDep, settings: SettingsDep, links: LinksDep) -> CallPublic:
    """Make the next dial due at another time."""
    due_at = Intake(settings, links).due_at(body.schedule_at, utc_now())
    call = running.load()
    if call.status is CallStatus.IN_PROGRESS:
        raise Conflict(
            "The call is being dialled or talking; try again after this attempt.", code="in_progress"
        )
    if call.expires_at is not None and due_at >= call.expires_at:
        raise Invalid(f"The time to call ends at {call.expires_at.isoformat()}.", field="schedule_at")
    return running.signal(lambda: running.gateway.reschedule(running.call_id, due_at))
