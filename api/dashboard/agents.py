"""Agents: who talks. Listed, described, changed into new versions, archived."""

from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError
from sqlmodel import col
from starlette.responses import Response

from api.dashboard.access import Form, FormDep
from api.dashboard.new_call import needed_by
from api.dashboard.views import OperatorViewDep, View, ViewDep
from api.deps import DatabaseDep, PageDep, SettingsDep
from api.errors import field_errors_of
from api.paging import Page, read_page
from outdial import catalog
from outdial.errors import Invalid, OutdialError
from outdial.models import Agent, AgentDefinition, AgentVersion
from outdial.models.agent import FieldType, VoicemailAction
from outdial.store.database import Database
from outdial.store.scope import get, rows_of

router = APIRouter(prefix="/agents")

MOST_VERSIONS = 50
_TEXTS = (
    "name",
    "system_prompt",
    "opening_line",
    "language",
    "voice",
    "model",
    "on_voicemail",
    "voicemail_message",
    "transfer_number",
)
_NEW: dict[str, Any] = {
    "name": "",
    "system_prompt": "",
    "opening_line": "",
    "language": "en-US",
    "voice": "",
    "model": "scripted",
    "on_voicemail": "hang_up",
    "voicemail_message": "",
    "transfer_number": "",
    "outcomes": [{"name": "BOOKED", "meaning": "The person agreed to a time."}],
    "fields": [],
}


@router.get("")
def list_agents(view: ViewDep, database: DatabaseDep, page: PageDep, archived: str = "") -> Response:
    """Newest first."""
    query = rows_of(view.account_id, Agent)
    with database.read() as session:
        wanted = query if archived else query.where(col(Agent.archived_at).is_(None))
        agents, following = read_page(session, wanted, Agent, page)
        versions = catalog.current_versions(session, view.account_id, agents)
    shown: dict[str, Any] = {"agents": agents, "versions": versions, "following": following}
    return view.page("agents.html", archived=archived, first=page.after is not None, **shown)


@router.get("/new")
def ask(view: OperatorViewDep) -> Response:
    """The empty form."""
    return _form(view, None, _NEW, None)


@router.post("/new")
def create(view: OperatorViewDep, form: FormDep, database: DatabaseDep, settings: SettingsDep) -> Response:
    """The agent in its first version."""
    values = _values(form)
    try:
        name, definition = _definition(values)
        catalog.check_definition(definition, settings)
        with database.write() as session:
            agent = catalog.create_agent(session, view.account_id, name, definition)
    except OutdialError as error:
        return _form(view, None, values, error)
    return view.go(f"/dashboard/agents/{agent.id}", "The agent is made. Test it, then let it call.")


@router.get("/{agent_id}")
def show(agent_id: str, view: ViewDep, database: DatabaseDep, version: int | None = None) -> Response:
    """What the agent says, now or in an earlier version."""
    with database.read() as session:
        agent = get(session, view.account_id, Agent, agent_id)
        query = rows_of(view.account_id, AgentVersion).where(AgentVersion.agent_id == agent.id)
        versions, _ = read_page(session, query, AgentVersion, Page(MOST_VERSIONS))
        current = catalog.current_version(session, agent)
    chosen = next((one for one in versions if one.version == version), current)
    shown: dict[str, Any] = {"agent": agent, "versions": versions, "chosen": chosen}
    definition = chosen.definition
    return view.page("agent.html", definition=definition, needed=needed_by(definition), **shown)


@router.get("/{agent_id}/edit")
def ask_change(agent_id: str, view: OperatorViewDep, database: DatabaseDep) -> Response:
    """The form as the agent is now."""
    agent, definition = _current(view, database, agent_id)
    return _form(view, agent, {**definition.model_dump(mode="json"), "name": agent.name}, None)


@router.post("/{agent_id}/edit")
def change(
    agent_id: str, view: OperatorViewDep, form: FormDep, database: DatabaseDep, settings: SettingsDep
) -> Response:
    """A changed definition becomes a new version; calls already created keep theirs."""
    values = _values(form)
    try:
        with database.write() as session:
            agent = catalog.lock_agent(session, view.account_id, agent_id)
            name, definition = _definition(values, catalog.current_version(session, agent).definition)
            catalog.check_definition(definition, settings)
            catalog.change_agent(session, agent, name, definition, view.now)
    except OutdialError as error:
        agent, _ = _current(view, database, agent_id)
        return _form(view, agent, values, error)
    return view.go(f"/dashboard/agents/{agent_id}", f"Saved as version {agent.version}.")


@router.post("/{agent_id}/archive")
def archive(agent_id: str, view: OperatorViewDep, _form: FormDep, database: DatabaseDep) -> Response:
    """The agent takes no new calls; those already created go on."""
    with database.write() as session:
        catalog.archive_agent(session, catalog.lock_agent(session, view.account_id, agent_id), view.now)
    return view.go("/dashboard/agents", "The agent is archived. Calls that it already has go on.")


@router.post("/rows/{kind}")
def add_row(kind: str, view: OperatorViewDep, _form: FormDep) -> Response:
    """One more empty row for an outcome or a field."""
    template = "agent_outcome_row.html" if kind == "outcomes" else "agent_field_row.html"
    return view.fragment(template, row={}, kinds=list(FieldType))


def _form(view: View, agent: Agent | None, values: dict[str, Any], error: OutdialError | None) -> Response:
    status = 422 if error else 200
    choices = {"kinds": list(FieldType), "actions": list(VoicemailAction)}
    return view.page("agent_form.html", status=status, agent=agent, values=values, error=error, **choices)


def _current(view: View, database: Database, agent_id: str) -> tuple[Agent, AgentDefinition]:
    with database.read() as session:
        agent = get(session, view.account_id, Agent, agent_id)
        return agent, catalog.current_version(session, agent).definition


def _values(form: Form) -> dict[str, Any]:
    values: dict[str, Any] = {name: form.text(name) for name in _TEXTS}
    values["outcomes"] = _rows(form, "outcome", "name", "meaning")
    values["fields"] = _rows(form, "field", "name", "type", "description")
    return values


def _rows(form: Form, kind: str, *parts: str) -> list[dict[str, str]]:
    columns = [form.several(f"{kind}_{part}") for part in parts]
    rows = [dict(zip(parts, row, strict=True)) for row in zip(*columns, strict=False)]
    return [row for row in rows if row["name"]]


def _definition(values: dict[str, Any], before: AgentDefinition | None = None) -> tuple[str, AgentDefinition]:
    """Name and definition; what the form does not ask for stays as it was ``before``."""
    kept = before.model_dump(exclude=set(values)) if before else {}
    given = kept | {name: value for name, value in values.items() if name != "name" and value != ""}
    if not 0 < len(values["name"]) <= 200:
        raise Invalid("Give the agent a name.", field="name")
    try:
        return values["name"], AgentDefinition.model_validate(given)
    except ValidationError as error:
        first = field_errors_of(error)[0]
        field = (first.field or "").split(".")[0]
        raise Invalid(_EXPLAINED.get(field, first.message), field=field) from error


_EXPLAINED = {
    "system_prompt": "Write the prompt: who the agent is, and what the call is for.",
    "opening_line": "Write the first words that the agent says.",
    "outcomes": "An outcome has a name in capitals, such as BOOKED, and a meaning; an agent needs at least one.",
    "fields": "A field has a name in small letters, such as appointment_time.",
    "transfer_number": "Expected a number in E.164, such as +12025550199.",
    "language": "Expected a language such as en-US or hi-IN.",
}
