"""Batches: create from a list, list, read, their calls and refused rows."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.batches.row import digest_with_rows
from api.batches.schemas import BatchAccepted, BatchCreate, BatchPublic, RefusedRow, RefusedRows
from api.batches.taking import UploadDep
from api.deps import DatabaseDep, PageDep, PrincipalDep
from api.paging import MAX_LIMIT, Listing, read_page
from api.schemas.calls import CallPublic
from outdial.batches.progress import progress_of, progress_of_each
from outdial.models import Batch, BatchStatus, Call
from outdial.models.base import utc_now
from outdial.store import batch_rows, listing
from outdial.store.scope import get, rows_of
from outdial.vocabulary import CallStatus

router = APIRouter(prefix="/v1/calls/batch", tags=["batches"])

TAKEN: dict[int | str, dict[str, Any]] = {
    403: {"description": "More lines or recipients than the account's plan has."},
    404: {"description": "There is no such agent."},
    409: {
        "description": "The agent is archived, or the first request with this key is still being answered."
    },
}


@router.post(
    "", status_code=201, summary="Call a list of people", response_model=BatchAccepted, responses=TAKEN
)
def create(body: BatchCreate, upload: UploadDep) -> Response:
    """Rows that can't be accepted are listed with their reasons and do not sink the batch, unless `strict`.

    A number that comes twice is called once. Send large lists as a file to `/v1/calls/batch/upload`.
    """
    return upload.create(
        body.to_request(test=upload.principal.key.is_test),
        (recipient.to_recipient() for recipient in body.recipients),
        digest=digest_with_rows(body, body.recipients),
        strict=body.strict,
    )


@router.get("", summary="List batches")
def list_batches(
    principal: PrincipalDep, database: DatabaseDep, page: PageDep, status: BatchStatus | None = None
) -> Listing[BatchPublic]:
    """Newest first, each with its counts."""
    query = rows_of(principal.account.id, Batch)
    with database.read() as session:
        wanted = query if status is None else query.where(Batch.status == status)
        rows, following = read_page(session, wanted, Batch, page)
        progress = progress_of_each(session, rows, utc_now())
    shown = [BatchPublic.of(row, counts) for row, counts in zip(rows, progress, strict=True)]
    return Listing(data=shown, next_cursor=following)


@router.get("/{batch_id}", summary="Read a batch")
def read(batch_id: str, principal: PrincipalDep, database: DatabaseDep) -> BatchPublic:
    """How far it has come, with outcomes and the estimated end."""
    with database.read() as session:
        batch = get(session, principal.account.id, Batch, batch_id)
        return BatchPublic.of(batch, progress_of(session, batch, utc_now()))


@router.get("/{batch_id}/calls", summary="List the calls of a batch")
def list_calls(
    batch_id: str,
    principal: PrincipalDep,
    database: DatabaseDep,
    page: PageDep,
    status: CallStatus | None = None,
    outcome: str | None = None,
) -> Listing[CallPublic]:
    """Newest first."""
    account_id = principal.account.id
    wanted = listing.CallFilter(batch_id=batch_id, status=status, outcome=outcome)
    with database.read() as session:
        get(session, account_id, Batch, batch_id)
        query = listing.calls_matching(session, account_id, wanted)
        rows, following = read_page(session, query, Call, page)
        versions = listing.agent_versions(session, account_id, rows)
    shown = [CallPublic.of(row, versions[row.agent_version_id]) for row in rows]
    return Listing(data=shown, next_cursor=following)


@router.get("/{batch_id}/rejected", summary="List the rows that were refused")
def list_rejected(
    batch_id: str,
    principal: PrincipalDep,
    database: DatabaseDep,
    after: Annotated[int, Query(ge=-1, description="`next_after` of the last page.")] = -1,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
) -> RefusedRows:
    """In the order of the upload."""
    with database.read() as session:
        batch = get(session, principal.account.id, Batch, batch_id)
        rows = batch_rows.rejections(session, batch, after=after, limit=limit + 1)
    shown = [RefusedRow(row=row.batch_row, **row.model_dump()) for row in rows[:limit]]
    return RefusedRows(data=shown, next_after=shown[-1].row if len(rows) > limit else None)
