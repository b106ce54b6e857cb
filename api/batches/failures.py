"""How refused rows are told, where nothing was accepted because of them."""

from fastapi import FastAPI, Request
from fastapi.responses import Response

from api.errors import Failure, FieldError, respond
from outdial.batches.request import RejectedRow, RowsRejected

# So many rows are named; fewer would do to see what is wrong.
NAMED = 1_000


def install(app: FastAPI) -> None:
    """Answer with one error for each refused row."""
    app.add_exception_handler(RowsRejected, _on_rows_rejected)


def _on_rows_rejected(request: Request, error: Exception) -> Response:
    assert isinstance(error, RowsRejected)
    named = [
        FieldError(field=_where(row, error.field), code=row.code, message=row.reason)
        for row in error.rejected[:NAMED]
    ]
    return respond(request, Failure(422, error.code, error.message, named))


def _where(row: RejectedRow, rows: str | None) -> str:
    place = f"line {row.line}" if row.line is not None else f"{rows}.{row.index}"
    return f"{place}.{row.field}" if row.field else place
