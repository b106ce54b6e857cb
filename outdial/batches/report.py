"""The report of a batch: every recipient with every variable and what came of it, as CSV or as a workbook."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs] (it has none)

from outdial.models import Batch, BatchRejection, Call
from outdial.store import batch_rows
from outdial.store.database import Database

PAGE = 1_000
# What a spreadsheet takes for the beginning of a formula, or strips to find one.
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_CELL = 32_767
Cell = str | int | None

COLUMNS: Final = (
    "row",
    "external_id",
    "phone",
    "call_id",
    "status",
    "attempts",
    "disposition",
    "outcome",
    "sentiment",
    "summary",
    "end_reason",
    "started_at",
    "ended_at",
)


def table(database: Database, batch: Batch, fields: Sequence[str]) -> Iterator[list[Cell]]:
    """The header, then a row for every recipient, refused ones included, in the order of the upload.

    ``fields`` are those that the agent extracts. Rows come a page at a time and are not held.
    """
    yield [*COLUMNS, *batch.variables, *(f"extracted.{name}" for name in fields)]
    refused = _refused(database, batch)
    waiting = next(refused, None)
    for call in _calls(database, batch):
        while waiting is not None and waiting.batch_row < (call.batch_row or 0):
            yield _refused_row(waiting, batch.variables, fields)
            waiting = next(refused, None)
        yield _call_row(call, batch.variables, fields)
    while waiting is not None:
        yield _refused_row(waiting, batch.variables, fields)
        waiting = next(refused, None)


def as_csv(rows: Iterator[list[Cell]], *, bom: bool = False) -> Iterator[str]:
    """The rows as CSV in which no cell is a formula; ``bom`` lets old spreadsheets see that it is UTF-8."""
    if bom:
        yield "\ufeff"
    lines = io.StringIO()
    writer = csv.writer(lines)
    for row in rows:
        writer.writerow([_inert(cell) for cell in row])
        if lines.tell() > 1 << 16:
            yield _emptied(lines)
    yield _emptied(lines)


def write_xlsx(rows: Iterator[list[Cell]], path: str) -> None:
    """The rows as a workbook, written as they come; text is typed as text, whatever it begins with."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as workbook:
        sheet: Any = workbook.add_worksheet("Report")  # pyright: ignore[reportUnknownMemberType]
        sheet.freeze_panes(1, 0)
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(at, column, cell)
                elif cell:
                    sheet.write_string(at, column, cell[:_LONGEST_CELL])


def _calls(database: Database, batch: Batch) -> Iterator[Call]:
    after = -1
    while True:
        with database.read() as session:
            page = batch_rows.calls_after(session, batch, after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].batch_row or 0


def _refused(database: Database, batch: Batch) -> Iterator[BatchRejection]:
    after = -1
    while True:
        with database.read() as session:
            page = batch_rows.rejections(session, batch, after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].batch_row


def _call_row(call: Call, variables: Sequence[str], fields: Sequence[str]) -> list[Cell]:
    extracted = call.extracted or {}
    return [
        call.batch_row,
        call.external_id,
        call.number,
        call.id,
        call.status,
        call.attempts_made,
        call.disposition,
        call.outcome,
        call.sentiment,
        call.summary,
        call.end_reason,
        _time(call.started_at),
        _time(call.ended_at),
        *(_text(call.variables.get(name)) for name in variables),
        *(_text(extracted.get(name)) for name in fields),
    ]


def _refused_row(row: BatchRejection, variables: Sequence[str], fields: Sequence[str]) -> list[Cell]:
    said: list[Cell] = [row.batch_row, row.external_id, row.phone, None, "rejected", 0]
    told: list[Cell] = [_text(row.variables.get(name)) for name in variables]
    return [*said, None, None, None, row.reason, row.code, None, None, *told, *(None for _ in fields)]


def _text(value: Any) -> Cell:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, int) else str(value)


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _inert(cell: Cell) -> Cell:
    if isinstance(cell, int) and cell >= 0:
        return cell
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_ACTIVE) else text


def _emptied(lines: io.StringIO) -> str:
    text = lines.getvalue()
    lines.seek(0)
    lines.truncate()
    return text
