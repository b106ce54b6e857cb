"""The report of a batch as a file."""

import os
import tempfile
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, StreamingResponse
from starlette.background import BackgroundTask

from api.deps import DatabaseDep, PrincipalDep
from outdial.batches.report import as_csv, table, write_xlsx
from outdial.models import Batch
from outdial.store import batches
from outdial.store.database import Database
from outdial.store.scope import get

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

router = APIRouter(prefix="/v1/calls/batch", tags=["batches"])


@router.get(
    "/{batch_id}/report.csv", summary="Download a batch's report as CSV", response_class=StreamingResponse
)
def report_csv(
    batch_id: str,
    principal: PrincipalDep,
    database: DatabaseDep,
    bom: Annotated[bool, Query(description="Begin with a byte order mark, for old spreadsheets.")] = False,
) -> StreamingResponse:
    """Every recipient with every variable and what came of it so far; no cell is a formula."""
    batch, fields = _batch(database, principal.account.id, batch_id)
    return csv_response(database, batch, fields, bom=bom)


@router.get(
    "/{batch_id}/report.xlsx", summary="Download a batch's report as a workbook", response_class=FileResponse
)
def report_xlsx(batch_id: str, principal: PrincipalDep, database: DatabaseDep) -> FileResponse:
    """The same as a workbook in which text is typed as text."""
    batch, fields = _batch(database, principal.account.id, batch_id)
    return xlsx_response(database, batch, fields)


def xlsx_response(database: Database, batch: Batch, fields: list[str]) -> FileResponse:
    """The report as a workbook, deleted once it was sent."""
    handle, path = tempfile.mkstemp(suffix=".xlsx")
    os.close(handle)
    try:
        write_xlsx(table(database, batch, fields), path)
    except BaseException:
        os.unlink(path)
        raise
    return FileResponse(
        path, media_type=XLSX, filename=f"{batch.id}.xlsx", background=BackgroundTask(os.unlink, path)
    )


def csv_response(
    database: Database, batch: Batch, fields: list[str], *, bom: bool = False
) -> StreamingResponse:
    """The report as it is read from the database."""
    headers = {"Content-Disposition": f'attachment; filename="{batch.id}.csv"'}
    rows = as_csv(table(database, batch, fields), bom=bom)
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=headers)


def _batch(database: Database, account_id: str, batch_id: str) -> tuple[Batch, list[str]]:
    """The batch, and the names of what its agent extracts."""
    with database.read() as session:
        batch = get(session, account_id, Batch, batch_id)
        definition = batches.agent_version(session, batch).definition
    return batch, [field.name for field in definition.fields]
