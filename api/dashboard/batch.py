"""A batch's page: how far it has come, live; its calls and refused rows; what can be done to it."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, BackgroundTasks, Request
from sqlmodel import Session
from starlette.responses import Response, StreamingResponse

from api.batches.gateway import BatchGatewayDep
from api.batches.reports import csv_response, xlsx_response
from api.batches.taking import start
from api.dashboard.access import FormDep
from api.dashboard.batches import counted
from api.dashboard.counts import Counts
from api.dashboard.launching import tell
from api.dashboard.live import live
from api.dashboard.new_batch import mapping_of, opened_file
from api.dashboard.new_call import regions
from api.dashboard.views import OperatorViewDep, View, ViewDep
from api.deps import DatabaseDep, SettingsDep
from outdial.batches.intake import BatchIntake
from outdial.errors import Conflict, OutdialError
from outdial.models import Agent, Batch, BatchRejection, BatchStatus
from outdial.store import batch_rows, batches, pulse
from outdial.store.database import Database
from outdial.store.scope import get

router = APIRouter(prefix="/batches/{batch_id}")

SHOWN = 50
PLOTTED, PLOTTED_AT_LEAST = timedelta(hours=1), timedelta(minutes=15)
# The status by which a part that asks again and again is told to stop.
NO_MORE = 286
PLOT_EVERY, PLOT_ENDED_EVERY = 5.0, 600.0
_DONE = {
    "pause": "It is paused. Live conversations go on to their end.",
    "resume": "It goes on.",
    "cancel": "It is being canceled; live conversations are hung up.",
    "finish": "It is being canceled; live conversations go on to their end.",
}


@router.get("")
def show(batch_id: str, view: ViewDep, database: DatabaseDep, after: int = -1) -> Response:
    """The page; its counts follow."""
    with database.read() as session:
        batch = get(session, view.account_id, Batch, batch_id)
        refused = batch_rows.rejections(session, batch, after=-1, limit=20)
        agent = get(session, view.account_id, Agent, batch.agent_id)
        people = _people(session, batch, after)
    return view.page(
        "batch.html", batch=batch, agent=agent, refused=refused, history=view.history(batch.id), **people
    )


@router.get("/people")
def people(batch_id: str, view: ViewDep, database: DatabaseDep, after: int = -1) -> Response:
    """A page of its calls, in the order of the upload, as they are now."""
    with database.read() as session:
        batch = get(session, view.account_id, Batch, batch_id)
        response = view.fragment("batch_people.html", batch=batch, **_people(session, batch, after))
    if batch.ended_at is not None:
        response.status_code = NO_MORE
    return response


@router.get("/live")
def stream(batch_id: str, view: ViewDep, request: Request, database: DatabaseDep) -> Response:
    """Counts and plots while they change."""
    counts: Counts = request.app.state.counts

    def render() -> tuple[str, bool]:
        fresh = View(request, view.visitor)
        with database.read() as session:
            batch = get(session, view.account_id, Batch, batch_id)
        progress = counted(counts, database, fresh, batch)
        lasts = PLOT_ENDED_EVERY if batch.ended_at else PLOT_EVERY
        points = counts.of(
            ("pulse", batch.id, batch.ended_at), lasts, lambda: _points(database, batch, fresh.now)
        )
        text = fresh.render("batch_live.html", batch=batch, progress=progress, points=points)
        return text, batch.ended_at is not None

    with database.read() as session:
        get(session, view.account_id, Batch, batch_id)
    return live(view, database, render, every=1)


@router.get("/report.csv")
def report(batch_id: str, view: OperatorViewDep, database: DatabaseDep) -> Response:
    """Every recipient and what came of it."""
    return csv_response(database, *_reported(view, database, batch_id), bom=True)


@router.get("/report.xlsx")
def workbook(batch_id: str, view: OperatorViewDep, database: DatabaseDep) -> Response:
    """The same as a workbook."""
    return xlsx_response(database, *_reported(view, database, batch_id))


@router.get("/refused.csv")
def refused_rows(batch_id: str, view: OperatorViewDep, database: DatabaseDep) -> Response:
    """Every refused row, its line, and why."""
    with database.read() as session:
        batch = get(session, view.account_id, Batch, batch_id)
    headers = {"Content-Disposition": f'attachment; filename="{batch.id}-refused.csv"'}
    return StreamingResponse(_refused(database, batch), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/append")
def ask_append(batch_id: str, view: OperatorViewDep, database: DatabaseDep) -> Response:
    """More people for this batch."""
    with database.read() as session:
        batch = get(session, view.account_id, Batch, batch_id)
    values = {"region": view.visitor.account.default_region, "pasted": ""}
    return view.page("batch_append.html", batch=batch, values=values, regions=regions())


@router.post("/append")
def append(
    batch_id: str,
    view: OperatorViewDep,
    form: FormDep,
    database: DatabaseDep,
    settings: SettingsDep,
    gateway: BatchGatewayDep,
    background: BackgroundTasks,
) -> Response:
    """Add them, and tell the batch."""
    try:
        opened = opened_file(form)
        mapping = opened.mapping(mapping_of(form))
        taken = BatchIntake(database, settings).append(
            view.visitor.account, batch_id, opened.recipients(mapping), default_region=form.optional("region")
        )
    except OutdialError as error:
        return view.go(f"/dashboard/batches/{batch_id}/append", error.message, wrong=True)
    background.add_task(tell, database, gateway, taken.batch)
    said = f"{taken.accepted_count} more are called; {taken.rejected_count} rows were refused."
    response = view.go(f"/dashboard/batches/{batch_id}", said)
    response.background = background
    return response


@router.post("/{action}")
def act(
    batch_id: str,
    action: str,
    view: OperatorViewDep,
    _form: FormDep,
    database: DatabaseDep,
    gateway: BatchGatewayDep,
) -> Response:
    """Pause, resume, cancel; then the page again, which says what came of it."""
    signals: dict[str, Callable[[str], None]] = {
        "pause": gateway.pause_batch,
        "resume": gateway.resume_batch,
        "cancel": lambda of: gateway.cancel_batch(of, graceful=False),
        "finish": lambda of: gateway.cancel_batch(of, graceful=True),
    }
    with database.read() as session:
        batch = get(session, view.account_id, Batch, batch_id)
    page = f"/dashboard/batches/{batch_id}"
    if action not in signals:
        return view.go(page)
    try:
        _check(batch)
        if not batch.workflow_started:
            start(database, gateway, batch)
        signals[action](batch_id)
    except OutdialError as error:
        return view.go(page, error.message, wrong=True)
    return view.go(page, _DONE[action])


def _people(session: Session, batch: Batch, after: int) -> dict[str, Any]:
    rows = batch_rows.calls_after(session, batch, after=after, limit=SHOWN + 1)
    following = rows[SHOWN - 1].batch_row if len(rows) > SHOWN else None
    return {"calls": rows[:SHOWN], "following": following, "after": after, "named": {}}


def _reported(view: View, database: Database, batch_id: str) -> tuple[Batch, list[str]]:
    """The batch, and the names of what its agent extracts."""
    with database.read() as session:
        batch = get(session, view.account_id, Batch, batch_id)
        definition = batches.agent_version(session, batch).definition
    return batch, [field.name for field in definition.fields]


def _check(batch: Batch) -> None:
    if batch.ended_at is not None:
        raise Conflict(f"The batch has ended: {batch.status}.")
    if batch.status is BatchStatus.PREPARING:
        raise Conflict("The batch is still being taken in.")


def _points(database: Database, batch: Batch, now: datetime) -> list[list[int]]:
    """Seconds, dials and answers of each minute of the batch's last hour, gaps filled with nothing."""
    with database.read() as session:
        until = pulse.last_dial(session, batch) if batch.ended_at else now
        if batch.started_at is None or until is None:
            return [[], [], []]
        since = min(max(batch.started_at, until - PLOTTED), until - PLOTTED_AT_LEAST)
        since = since.replace(second=0, microsecond=0)
        found = {
            at: (dials, answers) for at, dials, answers in pulse.per_minute(session, batch, since, until)
        }
    minutes = [since + timedelta(minutes=n) for n in range(int((until - since).total_seconds() // 60) + 1)]
    rows = [(int(at.timestamp()), *found.get(at, (0, 0))) for at in minutes]
    return [list(column) for column in zip(*rows, strict=True)]


def _refused(database: Database, batch: Batch) -> Iterator[str]:
    yield _line(["line", "phone", "reason"])
    after = -1
    while True:
        with database.read() as session:
            page = batch_rows.rejections(session, batch, after=after, limit=1_000)
        yield "".join(_line(_cells(row)) for row in page)
        if len(page) < 1_000:
            return
        after = page[-1].batch_row


def _cells(row: BatchRejection) -> list[str]:
    # An apostrophe before what a spreadsheet would take for a formula.
    cells = [str(row.line or row.batch_row + 1), row.phone, row.reason]
    return [f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in cells]


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
