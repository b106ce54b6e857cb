"""What can be done to a batch: pause, resume, cancel, append."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from api.auth import Principal
from api.batches.gateway import BatchGateway, BatchGatewayDep
from api.batches.routes import TAKEN
from api.batches.row import digest_with_rows
from api.batches.schemas import BatchAccepted, BatchAppend, BatchCancel, BatchPublic
from api.batches.taking import UploadDep, start
from api.deps import DatabaseDep, PrincipalDep
from outdial.batches.progress import BatchProgress, progress_of
from outdial.errors import Conflict
from outdial.keys import check_may_change
from outdial.models import Batch, BatchStatus
from outdial.models.base import utc_now
from outdial.store.database import Database
from outdial.store.scope import get

_ENDED: dict[int | str, dict[str, Any]] = {409: {"description": "The batch has ended."}}

router = APIRouter(prefix="/v1/calls/batch/{batch_id}", tags=["batches"])


@dataclass(frozen=True)
class Running:
    """A batch of the account that has not ended; reading and signalling it."""

    database: Database
    gateway: BatchGateway
    principal: Principal
    batch_id: str

    def signal(self, send: Callable[[], None]) -> BatchPublic:
        """Send a signal and show the batch, as ``tell`` does."""
        return BatchPublic.of(*self.tell(send))

    def tell(self, send: Callable[[], None]) -> tuple[Batch, BatchProgress]:
        """Send a signal; the batch with its progress. A batch that no one has started yet is started first."""
        batch = self._load()
        check_may_change(by_test_key=self.principal.key.is_test, test=batch.test)
        if batch.ended_at is not None:
            raise Conflict(f"The batch has ended: {batch.status}.", code="batch_ended")
        if batch.status is BatchStatus.PREPARING:
            raise Conflict("The batch is still being taken in.", code="in_flight")
        if not batch.workflow_started:
            start(self.database, self.gateway, batch)
        send()
        with self.database.read() as session:
            batch = get(session, self.principal.account.id, Batch, self.batch_id)
            return batch, progress_of(session, batch, utc_now())

    def _load(self) -> Batch:
        with self.database.read() as session:
            return get(session, self.principal.account.id, Batch, self.batch_id)


def _running(
    batch_id: str, principal: PrincipalDep, database: DatabaseDep, gateway: BatchGatewayDep
) -> Running:
    return Running(database, gateway, principal, batch_id)


_RunningDep = Annotated[Running, Depends(_running)]


@router.post("/pause", status_code=202, summary="Pause a batch", responses=_ENDED)
def pause(running: _RunningDep) -> BatchPublic:
    """No further dials within a second or two; live conversations go on to their end."""
    return running.signal(lambda: running.gateway.pause_batch(running.batch_id))


@router.post("/resume", status_code=202, summary="Resume a batch", responses=_ENDED)
def resume(running: _RunningDep) -> BatchPublic:
    """Take up where a pause left off."""
    return running.signal(lambda: running.gateway.resume_batch(running.batch_id))


@router.post("/cancel", status_code=202, summary="Cancel a batch", responses=_ENDED)
def cancel(running: _RunningDep, body: BatchCancel | None = None) -> BatchPublic:
    """Pending calls end as canceled; live ones are hung up, or with `graceful` end by themselves."""
    graceful = body is not None and body.graceful
    return running.signal(lambda: running.gateway.cancel_batch(running.batch_id, graceful=graceful))


@router.post(
    "/recipients", summary="Add recipients to a batch", response_model=BatchAccepted, responses=TAKEN
)
def append(batch_id: str, body: BatchAppend, upload: UploadDep) -> Response:
    """They are called after those that the batch has already; it may be running, scheduled or paused."""
    return upload.append(
        batch_id,
        (recipient.to_recipient() for recipient in body.recipients),
        digest=digest_with_rows(body, body.recipients),
        default_region=body.default_region,
        strict=body.strict,
    )
