"""Campaigns and their schedules: made, switched on and off, moved."""

from typing import Any

from fastapi import APIRouter, BackgroundTasks
from sqlmodel import Session
from starlette.responses import Response

from api.batches.gateway import BatchGatewayDep
from api.dashboard.access import Form, FormDep
from api.dashboard.calls import agents_of
from api.dashboard.hours import hours_of
from api.dashboard.new_call import retry_of
from api.dashboard.views import OperatorViewDep, View, ViewDep
from api.dashboard.zones import local_instant
from api.deps import DatabaseDep, PageDep, SettingsDep
from api.dialects.mico.telling import tell_changed
from api.paging import Page, read_page
from outdial import numbers
from outdial.campaigns import campaigns, schedules
from outdial.campaigns.terms import ScheduleTerms
from outdial.errors import Invalid, OutdialError
from outdial.models import Batch, Campaign
from outdial.policy import RetryPolicy
from outdial.store import campaigns as stored
from outdial.store.database import Database
from outdial.store.scope import get, rows_of
from outdial.windows import ALL_DAYS

router = APIRouter()

HERE = "/dashboard/campaigns"
SHOWN = 50
_TEXTS = ("name", "starts_at", "ends_at", "zone", "opens", "closes", "retries", "retry_after", "concurrency")
_NEW = {**dict.fromkeys(_TEXTS, ""), "retry_after": "30"}


@router.get("/campaigns")
def show(view: ViewDep, database: DatabaseDep, page: PageDep) -> Response:
    """Newest first."""
    return _list(view, database, page, None)


@router.post("/campaigns")
def create(view: OperatorViewDep, form: FormDep, database: DatabaseDep, page: PageDep) -> Response:
    """A new campaign, switched on."""
    try:
        name = form.text("name")[:200]
        if not name:
            raise Invalid("Give the campaign a name.", field="name")
        with database.write() as session:
            given: dict[str, Any] = {
                "is_enabled": True,
                "agent_id": form.optional("agent_id"),
                "now": view.now,
            }
            campaign = campaigns.create(session, view.visitor.account, name, **given)
    except OutdialError as error:
        return _list(view, database, page, error)
    return view.go(f"{HERE}/{campaign.id}", "The campaign is made. Add a schedule, or put batches into it.")


@router.get("/campaigns/{campaign_id}")
def show_one(campaign_id: str, view: ViewDep, database: DatabaseDep) -> Response:
    """A campaign and what belongs to it."""
    return _page(view, database, campaign_id, _NEW, None)


@router.post("/campaigns/{campaign_id}/{state}")
def switch(
    campaign_id: str,
    state: str,
    view: OperatorViewDep,
    form: FormDep,
    database: DatabaseDep,
    gateway: BatchGatewayDep,
    background: BackgroundTasks,
) -> Response:
    """On, off, or another name and number. While it is off nothing of it is dialled."""
    try:
        values = _changes(view, state, form)
    except OutdialError as error:
        return view.go(f"{HERE}/{campaign_id}", error.message, wrong=True)
    with database.write() as session:
        campaign = get(session, view.account_id, Campaign, campaign_id)
        campaigns.change(session, campaign, values, view.now)
        running = stored.running_of(session, campaign)
    for schedule in running:
        background.add_task(tell_changed, database, gateway, schedule)
    said = {"on": "It is on.", "off": "It is off: nothing of it is dialled.", "change": "Saved."}
    response = view.go(f"{HERE}/{campaign_id}", said.get(state, ""))
    response.background = background
    return response


@router.post("/campaigns/{campaign_id}/schedules/new")
def create_schedule(
    campaign_id: str,
    view: OperatorViewDep,
    form: FormDep,
    database: DatabaseDep,
    settings: SettingsDep,
    gateway: BatchGatewayDep,
    background: BackgroundTasks,
) -> Response:
    """A schedule, switched off until somebody enables it."""
    values = {name: form.text(name) for name in _TEXTS}
    try:
        terms = _terms(values, form)
        with database.write() as session:
            campaign = get(session, view.account_id, Campaign, campaign_id)
            made = schedules.create(
                session, settings, view.visitor.account, campaign, terms, test=False, now=view.now
            )
    except OutdialError as error:
        return _page(view, database, campaign_id, values, error)
    background.add_task(tell_changed, database, gateway, made)
    response = view.go(f"/dashboard/batches/{made.id}", "The schedule is made. Add people, then enable it.")
    response.background = background
    return response


@router.post("/schedules/{schedule_id}/{state}")
def switch_schedule(
    schedule_id: str,
    state: str,
    view: OperatorViewDep,
    _form: FormDep,
    database: DatabaseDep,
    settings: SettingsDep,
    gateway: BatchGatewayDep,
    background: BackgroundTasks,
) -> Response:
    """Enable or disable; live conversations go on."""
    page = f"/dashboard/batches/{schedule_id}"
    try:
        with database.write() as session:
            schedule = stored.schedule(session, view.account_id, schedule_id, lock=True)
            terms = ScheduleTerms.model_validate({"is_enabled": state == "enable"})
            changed = schedules.change(session, settings, view.visitor.account, schedule, terms, view.now)
    except OutdialError as error:
        return view.go(page, error.message, wrong=True)
    if changed:
        background.add_task(tell_changed, database, gateway, schedule)
    response = view.go(page, "It is enabled." if state == "enable" else "It is disabled.")
    response.background = background
    return response


def _changes(view: View, state: str, form: Form) -> dict[str, object]:
    if state != "change":
        return {"is_enabled": state == "on"} if state in ("on", "off") else {}
    name, number = form.text("campaign_name")[:200], form.text("caller_id")
    if not name:
        raise Invalid("A campaign has a name.", field="campaign_name")
    region = view.visitor.account.default_region
    shown = numbers.read_any(number, region, field="caller_id") if number else None
    return {"name": name, "caller_id": shown}


def _terms(values: dict[str, str], form: Form) -> ScheduleTerms:
    given: dict[str, Any] = {"name": values["name"][:200], "is_enabled": False}
    for name in ("starts_at", "ends_at"):
        if values[name]:
            given[name] = local_instant(values[name], values["zone"], field=name)
    if not values["name"]:
        raise Invalid("Give the schedule a name.", field="name")
    given["retry"] = retry_of(values["retries"], values["retry_after"]) or RetryPolicy()
    if values["concurrency"].isdecimal():
        given["concurrency"] = int(values["concurrency"])
    given["calling_hours"] = hours_of(form)
    return ScheduleTerms(**given)


def _list(view: View, database: Database, page: Page, error: OutdialError | None) -> Response:
    with database.read() as session:
        rows, following = read_page(session, rows_of(view.account_id, Campaign), Campaign, page)
        agents = agents_of(session, view, archived=False)
    shown: dict[str, Any] = {"campaigns": rows, "following": following, "agents": agents, "error": error}
    status = 422 if error else 200
    return view.page("campaigns.html", status=status, first=page.after is not None, **shown)


def _page(
    view: View, database: Database, campaign_id: str, values: dict[str, str], error: OutdialError | None
) -> Response:
    with database.read() as session:
        shown = _shown(session, view, campaign_id)
    status = 422 if error else 200
    return view.page("campaign.html", status=status, values=values, error=error, days=ALL_DAYS, **shown)


def _shown(session: Session, view: View, campaign_id: str) -> dict[str, Any]:
    campaign = get(session, view.account_id, Campaign, campaign_id)
    query = rows_of(view.account_id, Batch).where(Batch.campaign_id == campaign.id)
    rows, _ = read_page(session, query, Batch, Page(SHOWN))
    named = {agent.id: agent.name for agent in agents_of(session, view)}
    return {"campaign": campaign, "batches": rows, "named": named}
