"""What the routes that take rows in have in common: once for a key, then the workflow is started or told."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import BackgroundTasks, Depends
from fastapi.responses import Response
from pydantic import BaseModel
from sqlmodel import Session

from api.auth import Principal
from api.batches.gateway import BatchGateway, BatchGatewayDep
from api.batches.schemas import BatchAccepted
from api.deps import DatabaseDep, PrincipalDep, SettingsDep
from api.idempotency import Once, OnceDep, Settle
from outdial.batches.intake import BatchIntake
from outdial.batches.progress import progress_of
from outdial.batches.request import BatchRequest, Recipient, Taken
from outdial.errors import Conflict, Unavailable
from outdial.models import Batch
from outdial.models.base import utc_now
from outdial.store import batches
from outdial.store.database import Database

Show = Callable[[Session, Taken], BaseModel]

_log = structlog.get_logger(__name__)


def show_accepted(session: Session, taken: Taken) -> BatchAccepted:
    """The native answer to an upload."""
    return BatchAccepted.of_taken(taken, progress_of(session, taken.batch, utc_now()))


@dataclass(frozen=True)
class Upload:
    """One request that brings recipients. ``digest`` is what was asked, for the Idempotency-Key."""

    database: Database
    intake: BatchIntake
    principal: Principal
    once: Once
    gateway: BatchGateway
    background: BackgroundTasks

    def create(
        self,
        request: BatchRequest,
        recipients: Iterable[Recipient],
        *,
        digest: str,
        strict: bool = False,
        show: Show = show_accepted,
    ) -> Response:
        """A new batch, started once this is answered."""

        def work(settle: Settle) -> BaseModel:
            shown = _Shown(show, settle)
            taken = self.intake.create(
                self.principal.account, request, recipients, strict=strict, settle=shown.settle
            )
            self.background.add_task(self.start, taken.batch)
            return shown.answer

        return self.once.answer_in_steps("batch.create", digest, work, status=201)

    def append(
        self,
        batch_id: str,
        recipients: Iterable[Recipient],
        *,
        digest: str,
        default_region: str | None,
        strict: bool,
    ) -> Response:
        """More recipients for a batch, which is told."""

        def work(settle: Settle) -> BaseModel:
            shown = _Shown(show_accepted, settle)
            account = self.principal.account
            taken = self.intake.append(
                account,
                batch_id,
                recipients,
                default_region=default_region,
                strict=strict,
                by_test_key=self.principal.key.is_test,
                settle=shown.settle,
            )
            self.background.add_task(self._tell, taken.batch)
            return shown.answer

        return self.once.answer_in_steps(f"batch.append {batch_id}", digest, work, status=200)

    def start(self, batch: Batch) -> None:
        """Start the batch's workflow, if Temporal answers; else upkeep does it."""
        try:
            start(self.database, self.gateway, batch)
        except Unavailable:
            _log.warning("batch.start_postponed", batch_id=batch.id)

    def _tell(self, batch: Batch) -> None:
        try:
            if not batch.workflow_started:
                start(self.database, self.gateway, batch)
            self.gateway.tell_appended(batch.id)
        except (Unavailable, Conflict):
            _log.warning("batch.not_told", batch_id=batch.id)


@dataclass
class _Shown:
    """Keeps the answer that was made in the upload's last transaction."""

    show: Show
    keep: Settle
    made: BaseModel | None = None

    def settle(self, session: Session, taken: Taken) -> None:
        self.made = self.show(session, taken)
        self.keep(session, self.made)

    @property
    def answer(self) -> BaseModel:
        assert self.made is not None, "an upload that was taken in has been settled"
        return self.made


def start(database: Database, gateway: BatchGateway, batch: Batch) -> None:
    """Start the batch's workflow now. Raises Unavailable."""
    gateway.start_batch(batch)
    with database.write() as session:
        batches.mark_started(session, batch.id)


def _upload(
    database: DatabaseDep,
    settings: SettingsDep,
    principal: PrincipalDep,
    once: OnceDep,
    gateway: BatchGatewayDep,
    background: BackgroundTasks,
) -> Upload:
    return Upload(database, BatchIntake(database, settings), principal, once, gateway, background)


UploadDep = Annotated[Upload, Depends(_upload)]
