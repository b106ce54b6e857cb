"""Taking a batch in: row by row, in short transactions, so that neither memory nor the database is held up."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlmodel import Session

from outdial import numbers, quota
from outdial.agents.briefing import task_of
from outdial.batches.request import BatchRequest, Recipient, RowsRejected, Taken
from outdial.batches.rows import RowIntake
from outdial.errors import Conflict, Invalid, LimitReached
from outdial.intake import Intake, campaign_of, check_metadata, number_shown, version_for
from outdial.keys import check_may_change
from outdial.links import Links
from outdial.localtime import known_timezone
from outdial.models import Account, Batch, BatchStatus
from outdial.models.base import utc_now
from outdial.plans import LIMITS
from outdial.settings import Settings
from outdial.store import batch_rows, batches
from outdial.store.database import Database
from outdial.store.scope import get

Settle = Callable[[Session, Taken], None]

CHUNK = 1_000
# An upload that has not moved for so long was left by a process that has died.
STALE = timedelta(minutes=10)


def nothing_more(_session: Session, _taken: Taken) -> None:
    """Settles nothing."""


@dataclass(frozen=True)
class BatchIntake:
    """Accepts batches under one installation's settings."""

    database: Database
    settings: Settings

    def create(
        self,
        account: Account,
        request: BatchRequest,
        recipients: Iterable[Recipient],
        *,
        strict: bool = False,
        settle: Settle = nothing_more,
    ) -> Taken:
        """Record a batch and its recipients; the workflow is to be started afterwards.

        Rows that are not fit are refused one by one; with ``strict``, or where none is left, all are. Raises
        RowsRejected, LimitReached for more lines or recipients than the plan has, Invalid, NotFound, Conflict;
        whatever it raises, nothing is kept. ``settle`` runs in the transaction that makes the rows count.
        """
        with self.database.write() as session:
            batch = self._batch(session, account, request, utc_now())
            session.add(batch)
        return self._take_in(account, batch, recipients, request.default_region, strict, settle)

    def append(
        self,
        account: Account,
        batch_id: str,
        recipients: Iterable[Recipient],
        *,
        default_region: str | None = None,
        strict: bool = False,
        by_test_key: bool = False,
        settle: Settle = nothing_more,
    ) -> Taken:
        """Add recipients to a batch that has not ended; its workflow is to be told.

        Raises as ``create`` does, and Forbidden where a test key would add to a live batch.
        """
        with self.database.write() as session:
            get(session, account.id, Batch, batch_id)
            batch = batches.locked(session, batch_id)
            check_may_change(by_test_key=by_test_key, test=batch.test)
            self._terms.check_enabled(account, test=batch.test)
            _check_open(batch, now := utc_now())
            if batch.intake_at is not None:
                batch_rows.take_back(session, batch_id)
            batch.intake_at = now
            session.add(batch)
        return self._take_in(account, batch, recipients, default_region, strict, settle)

    def _take_in(
        self,
        account: Account,
        batch: Batch,
        recipients: Iterable[Recipient],
        region: str | None,
        strict: bool,
        settle: Settle,
    ) -> Taken:
        try:
            with self.database.read() as session:
                rows = RowIntake(session, account, batch, region)
            for chunk in _chunks(recipients):
                self._take_chunk(rows, chunk)
                _check_size(account, rows)
            _check_rows(rows.taken, strict=strict)
            return self._complete(rows, settle)
        except BaseException:
            with self.database.write() as session:
                batch_rows.take_back(session, batch.id)
            raise

    def _take_chunk(self, rows: RowIntake, chunk: Sequence[Recipient]) -> None:
        now = utc_now()
        with self.database.read() as session:
            rows.check(session, chunk)
        with self.database.write() as session:
            batch = batches.locked(session, rows.batch.id)
            if batch.ended_at is not None or batch.status is BatchStatus.CANCELED:
                raise Conflict("The batch has ended in the meantime.")
            batch.intake_at = now
            session.add(batch)
            rows.write(session, now)

    def _complete(self, rows: RowIntake, settle: Settle) -> Taken:
        now = utc_now()
        with self.database.write() as session:
            batch = batches.locked(session, rows.batch.id)
            batch.rows, batch.variables = rows.next_row, list(rows.variables)
            batch.rejected += rows.taken.rejected_count
            batch.intake_at, batch.updated_at = None, now
            if batch.status is BatchStatus.PREPARING:
                batch.status = BatchStatus.SCHEDULED
            session.add(batch)
            if not batch.test:
                quota.take(session, batch.account_id, rows.taken.accepted_count)
            rows.taken.batch = batch
            settle(session, rows.taken)
        return rows.taken

    @property
    def _terms(self) -> Intake:
        return Intake(self.settings, Links(self.settings))

    def _batch(self, session: Session, account: Account, request: BatchRequest, now: datetime) -> Batch:
        terms = self._terms
        terms.check_enabled(account, test=request.test)
        campaign = campaign_of(session, account, request.campaign_id)
        version = version_for(session, account, request.agent_id)
        _check_lines(account, request.concurrency)
        check_metadata(request.metadata)
        task_of(version.definition, request.trigger)
        zone = (request.window and request.window.timezone) or request.timezone
        # A time that has passed means now: what is printed in old examples still works.
        due_at = terms.due_at(max(request.schedule_at, now) if request.schedule_at else None, now)
        if request.ends_at is not None and request.ends_at <= due_at:
            raise Invalid("The batch would end before it starts.", field="ends_at")
        caller_id = request.caller_id and numbers.read_e164(request.caller_id, field="caller_id")
        hours = request.window and request.window.model_dump(mode="json", exclude={"timezone"})
        return Batch(
            account_id=account.id,
            name=request.name or f"Batch of {now:%Y-%m-%d %H:%M} UTC",
            agent_id=version.agent_id,
            agent_version_id=version.id,
            concurrency=request.concurrency,
            spacing_seconds=request.spacing_seconds,
            retry=request.retry.model_dump(mode="json") if request.retry else None,
            calling_hours=hours,
            timezone=known_timezone(zone) if zone else None,
            schedule_at=request.schedule_at,
            due_at=due_at,
            ends_at=request.ends_at,
            caller_id=caller_id or number_shown(account, campaign),
            campaign_id=request.campaign_id,
            trigger=request.trigger,
            metadata_for_agent=request.metadata_for_agent,
            test=request.test,
            max_duration_seconds=terms.max_duration(request.max_duration_seconds),
            recording_enabled=request.recording_enabled,
            webhook_url=terms.webhook_url(request.webhook_url),
            client_metadata=request.metadata,
            intake_at=now,
            created_at=now,
            updated_at=now,
        )


def _chunks(recipients: Iterable[Recipient]) -> Iterator[Sequence[Recipient]]:
    source = iter(recipients)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def _check_open(batch: Batch, now: datetime) -> None:
    if batch.ended_at is not None or batch.status is BatchStatus.CANCELED:
        raise Conflict(f"The batch is {batch.status}; nothing can be added to it.", code="batch_ended")
    if batch.intake_at is not None and batch.intake_at > now - STALE:
        raise Conflict("Another upload to this batch is still being taken in.", code="in_flight")


def _check_lines(account: Account, concurrency: int | None) -> None:
    if concurrency is not None and concurrency > account.lines:
        plan = f"The {account.plan} plan of this account allows a concurrency of {account.lines}"
        raise LimitReached(f"{plan}; {concurrency} was asked for.", field="concurrency")


def _check_size(account: Account, rows: RowIntake) -> None:
    most = LIMITS[account.plan].batch_size
    if most is not None and rows.known + rows.taken.accepted_count > most:
        message = f"The {account.plan} plan of this account allows {most:,} recipients in one batch."
        raise LimitReached(message, field="recipients")


def _check_rows(taken: Taken, *, strict: bool) -> None:
    if strict and taken.rejected_count:
        count = taken.rejected_count
        raise RowsRejected(
            f"{count} rows can't be accepted, and all were to be; nothing was.", taken.rejected
        )
    if not taken.accepted_count:
        raise RowsRejected("No row can be accepted; see the reason of each.", taken.rejected)
