"""New batch: a file or pasted numbers, columns mapped to variables, a forecast, then launched."""

import io
from dataclasses import dataclass
from typing import Any, BinaryIO

from fastapi import APIRouter, BackgroundTasks
from starlette.responses import Response

from api.batches.gateway import BatchGatewayDep
from api.dashboard.access import Form, FormDep
from api.dashboard.calls import agents_of
from api.dashboard.hours import WORKDAYS, hours_of
from api.dashboard.launching import begin
from api.dashboard.new_call import definition_of, needed_by, regions, retry_of
from api.dashboard.views import OperatorViewDep, View
from api.dashboard.zones import local_instant
from api.deps import DatabaseDep, SettingsDep
from api.paging import Page, read_page
from outdial.batches.files import RecipientFile
from outdial.batches.forecast import forecast
from outdial.batches.intake import BatchIntake
from outdial.batches.mapping import ColumnMapping
from outdial.batches.preview import preview
from outdial.batches.request import BatchRequest, RowsRejected, Window
from outdial.errors import Invalid, OutdialError
from outdial.models import AgentDefinition, Campaign
from outdial.plans import LIMITS
from outdial.store.database import Database
from outdial.store.scope import rows_of
from outdial.windows import ALL_DAYS

router = APIRouter(prefix="/batches")

MOST_CAMPAIGNS = 100
# Where the file has no header, its one column is this.
PASTED_HEADER = b"phone\n"


@dataclass(frozen=True)
class Values:
    """The form as it was filled in."""

    agent_id: str = ""
    name: str = ""
    campaign_id: str = ""
    region: str = ""
    pasted: str = ""
    when: str = "now"
    schedule_at: str = ""
    schedule_zone: str = ""
    concurrency: str = ""
    retries: str = ""
    retry_after: str = "30"


@router.get("/new")
def ask(view: OperatorViewDep, database: DatabaseDep, agent: str = "") -> Response:
    """The empty form."""
    account = view.visitor.account
    values = Values(agent_id=agent, region=account.default_region)
    with database.read() as session:
        agents = agents_of(session, view, archived=False)
        groups, _ = read_page(session, rows_of(view.account_id, Campaign), Campaign, Page(MOST_CAMPAIGNS))
    if len(agents) == 1:
        values = Values(agent_id=agents[0].id, region=account.default_region)
    choices: dict[str, Any] = {
        "agents": agents,
        "regions": regions(),
        "limits": LIMITS[account.plan],
        "campaigns": groups,
    }
    return view.page("new_batch.html", values=values, error=None, days=ALL_DAYS, workdays=WORKDAYS, **choices)


@router.post("/preview")
def look(view: OperatorViewDep, form: FormDep, database: DatabaseDep) -> Response:
    """What the file would bring: mapping, first rows, bad rows, and who would be skipped."""
    definition = definition_of(view, database, form.text("agent_id"))
    try:
        return view.fragment("new_batch_preview.html", error=None, **_look(view, form, database, definition))
    except OutdialError as error:
        return view.fragment("new_batch_preview.html", error=error, found=None)


@router.post("/new")
def launch(
    view: OperatorViewDep,
    form: FormDep,
    database: DatabaseDep,
    settings: SettingsDep,
    gateway: BatchGatewayDep,
    background: BackgroundTasks,
) -> Response:
    """Take the batch in and start it; where that fails, say why beside the form, which stays as it is."""
    try:
        opened = opened_file(form)
        mapping = opened.mapping(mapping_of(form))
        request = _request(form)
        taken = BatchIntake(database, settings).create(
            view.visitor.account, request, opened.recipients(mapping)
        )
    except RowsRejected as error:
        return view.fragment("new_batch_problem.html", error=error, rejected=error.rejected[:20])
    except OutdialError as error:
        return view.fragment("new_batch_problem.html", error=error, rejected=[])
    background.add_task(begin, database, gateway, taken.batch)
    response = view.go(
        "", f"{taken.accepted_count} calls are on their way; {taken.rejected_count} rows were refused."
    )
    response.headers["HX-Redirect"] = f"/dashboard/batches/{taken.batch.id}"
    # A redirect of its own would be followed by the script, and the page not changed.
    response.status_code = 204
    del response.headers["location"]
    response.background = background
    return response


def opened_file(form: Form) -> RecipientFile:
    """The chosen file, else the pasted lines. Raises Invalid where there is neither."""
    upload = form.upload("file")
    region = form.text("region") or None
    if upload is not None:
        return RecipientFile(upload.file, region=region)
    pasted = form.text("pasted")
    if not pasted:
        raise Invalid("Choose a CSV file, or paste numbers.", field="file")
    return RecipientFile(_as_file(pasted), region=region)


def mapping_of(form: Form) -> ColumnMapping | None:
    """The columns as they were chosen, None to guess them. Raises Invalid."""
    phone = form.text("map_phone")
    if not phone or form.text("map_columns") != columns_of(opened_file(form)):
        return None
    columns, names = form.several("map_column"), form.several("map_variable")
    variables = {
        column: name for column, name in zip(columns, names, strict=True) if name and column != phone
    }
    return ColumnMapping(phone=phone, external_id=form.optional("map_external"), variables=variables)


def columns_of(file: RecipientFile) -> str:
    """The file's columns in one text, to see whether a choice was made for this file."""
    return "\x1f".join(file.headers)


def _as_file(pasted: str) -> BinaryIO:
    first = pasted.splitlines()[0]
    is_table = any(sign in first for sign in ",;\t|") and any(sign.isalpha() for sign in first)
    return io.BytesIO((b"" if is_table else PASTED_HEADER) + pasted.encode())


def _look(view: View, form: Form, database: Database, definition: AgentDefinition | None) -> dict[str, Any]:
    opened = opened_file(form)
    region = form.text("region") or None
    mapping = mapping_of(form)
    found = preview(opened, mapping, region=region, definition=definition)
    request = _request(form, agent_id="any")
    expected = None
    if found.mapping is not None:
        expected = forecast(
            database,
            view.visitor.account,
            opened,
            found.mapping,
            region=region,
            definition=definition,
            hours=request.window,
            timezone=request.timezone,
            starts=request.schedule_at or view.now,
        )
    needed = needed_by(definition) if definition else []
    columns = [header for header in opened.headers if header]
    shown = {"found": found, "expected": expected, "needed": needed, "columns": columns}
    return {**shown, "kept_columns": columns_of(opened), "reasons": _REASONS}


_REASONS = {
    "invalid": "not a number",
    "duplicate": "the same number again",
    "do_not_call": "on your do-not-call list",
    "no_consent": "no consent",
    "missing_variables": "something that the agent needs to know is missing",
}


def _request(form: Form, agent_id: str = "") -> BatchRequest:
    values = Values(**{name: form.text(name) for name in Values.__dataclass_fields__})
    later = values.when == "later"
    starts = (
        local_instant(values.schedule_at, values.schedule_zone, field="schedule_at")
        if later and values.schedule_at
        else None
    )
    if not (values.agent_id or agent_id):
        raise Invalid("Choose an agent.", field="agent_id")
    if later and starts is None and not agent_id:
        raise Invalid("Say when the batch is to start.", field="schedule_at")
    if values.concurrency and not (values.concurrency.isdecimal() and 0 < int(values.concurrency) < 100_000):
        raise Invalid("Expected how many calls at once, 1 or more.", field="concurrency")
    return BatchRequest(
        agent_id=values.agent_id or agent_id,
        name=values.name[:200] or None,
        campaign_id=values.campaign_id or None,
        concurrency=int(values.concurrency) if values.concurrency else None,
        spacing_seconds=0,
        schedule_at=starts,
        window=_window(form),
        retry=retry_of(values.retries, values.retry_after),
        default_region=values.region or None,
    )


def _window(form: Form) -> Window | None:
    hours = hours_of(form)
    return Window(**hours.model_dump()) if hours else None
