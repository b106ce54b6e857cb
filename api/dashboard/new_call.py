"""New call: who talks, to whom, with which variables, and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from fastapi import APIRouter, BackgroundTasks
from markupsafe import Markup, escape
from starlette.responses import Response

from api.dashboard.access import Form, FormDep
from api.dashboard.calls import agents_of
from api.dashboard.shown import readable
from api.dashboard.views import OperatorViewDep, View
from api.dashboard.zones import local_instant
from api.deps import DatabaseDep, LinksDep, SettingsDep, StarterDep
from outdial import numbers, variables
from outdial.catalog import current_version
from outdial.errors import Invalid, OutdialError
from outdial.intake import CallRequest, Intake
from outdial.models import Agent, AgentDefinition, Call
from outdial.models.agent import VoicemailAction
from outdial.policy import RetryPolicy
from outdial.store.database import Database
from outdial.store.scope import find

router = APIRouter()

# Around values in a preview, until the text is escaped; nobody types them.
_OPEN, _ABSENT, _CLOSE = "\ue000", "\ue001", "\ue002"
_FIELDS = ("agent_id", "number", "schedule_at", "max_duration_seconds", "caller_id", "retries")


@dataclass(frozen=True)
class Values:
    """The form as it was filled in."""

    agent_id: str = ""
    region: str = ""
    number: str = ""
    when: str = "now"
    schedule_at: str = ""
    schedule_zone: str = ""
    caller_id: str = ""
    max_minutes: str = ""
    retries: str = ""
    retry_after: str = "30"
    recording: str = "yes"

    @classmethod
    def of(cls, form: Form) -> "Values":
        """What was posted."""
        return cls(**{name: form.text(name) for name in cls.__dataclass_fields__})


@router.get("/calls/new")
def ask(view: OperatorViewDep, database: DatabaseDep, agent: str = "", like: str = "") -> Response:
    """The empty form, or that of a call like an earlier one."""
    with database.read() as session:
        earlier = find(session, view.account_id, Call, like) if like else None
    values = Values(agent_id=agent, region=view.visitor.account.default_region)
    given: dict[str, str] = {}
    if earlier is not None:
        given = {name: str(value) for name, value in earlier.variables.items()}
        values = Values(agent_id=earlier.agent_id, region=values.region, number=earlier.number)
    return _form(view, database, values, given, None)


@router.post("/calls/new")
def place(
    view: OperatorViewDep,
    form: FormDep,
    database: DatabaseDep,
    settings: SettingsDep,
    links: LinksDep,
    starter: StarterDep,
    background: BackgroundTasks,
) -> Response:
    """Record the call and show it."""
    values, given = Values.of(form), form.named("variable:")
    try:
        request = _request(view, values, given)
        with database.write() as session:
            accepted = Intake(settings, links).accept_call(
                session, view.visitor.account, request, now=view.now
            )
    except OutdialError as error:
        return _form(view, database, values, given, error)
    background.add_task(starter.start, accepted)
    response = view.go(f"/dashboard/calls/{accepted.call.id}", "The call is on its way.")
    response.background = background
    return response


@router.post("/calls/new/agent")
def show_agent(view: OperatorViewDep, form: FormDep, database: DatabaseDep) -> Response:
    """The variables that the chosen agent asks for, and its prompt with the values filled in."""
    definition = definition_of(view, database, form.text("agent_id"))
    given = form.named("variable:")
    return view.fragment("new_call_agent.html", **_about(definition, given), error=None)


@router.post("/calls/new/preview")
def show_preview(view: OperatorViewDep, form: FormDep, database: DatabaseDep) -> Response:
    """The prompt with the values so far."""
    definition = definition_of(view, database, form.text("agent_id"))
    return view.fragment("new_call_preview.html", **_about(definition, form.named("variable:")))


@router.post("/calls/new/number")
def check_number(view: OperatorViewDep, form: FormDep) -> Response:
    """Whether that is a number, which one, and what time it is there."""
    text = form.text("number")
    try:
        found = numbers.read_any(text, form.text("region") or "US", field="number") if text else None
    except OutdialError as error:
        return view.fragment("number_checked.html", error=error, number=None)
    return view.fragment("number_checked.html", error=None, **_whereabouts(found, view.now))


def definition_of(view: View, database: Database, agent_id: str) -> AgentDefinition | None:
    """What the account's agent says now, None where nothing is chosen."""
    with database.read() as session:
        agent = find(session, view.account_id, Agent, agent_id)
        return current_version(session, agent).definition if agent else None


def needed_by(definition: AgentDefinition) -> list[str]:
    """The names of the variables that the agent's texts ask for."""
    texts = [definition.opening_line, definition.system_prompt]
    if definition.on_voicemail is VoicemailAction.LEAVE_MESSAGE:
        texts.append(definition.voicemail_message or "")
    return list(dict.fromkeys(name for text in texts for name in variables.placeholders(text)))


def preview(text: str, given: dict[str, str]) -> Markup:
    """A text with its values marked, and what is still missing marked otherwise."""
    names = variables.placeholders(text)
    values = {
        name: f"{_OPEN}{given[name]}{_CLOSE}" if given.get(name) else f"{_ABSENT}{{{{{name}}}}}{_CLOSE}"
        for name in names
    }
    shown = escape(variables.render(text, values))
    for sign, tag in ((_OPEN, "<mark>"), (_ABSENT, '<mark class="absent">'), (_CLOSE, "</mark>")):
        shown = Markup(str(shown).replace(sign, tag))  # noqa: S704 # the text was escaped above
    return shown


def regions() -> list[tuple[str, int]]:
    """Two letters and the calling code of every country that has one."""
    known = sorted(phonenumbers.SUPPORTED_REGIONS)
    return [(region, phonenumbers.country_code_for_region(region)) for region in known]


def _form(
    view: View, database: Database, values: Values, given: dict[str, str], error: OutdialError | None
) -> Response:
    with database.read() as session:
        agents = agents_of(session, view, archived=False)
    if not values.agent_id and len(agents) == 1:
        values = Values(**{**vars(values), "agent_id": agents[0].id})
    definition = definition_of(view, database, values.agent_id)
    status = 422 if error else 200
    about = _about(definition, given)
    choices = {"agents": agents, "regions": regions(), "fields": _FIELDS}
    return view.page("new_call.html", status=status, values=values, error=error, **about, **choices)


def _about(definition: AgentDefinition | None, given: dict[str, str]) -> dict[str, Any]:
    if definition is None:
        return {"definition": None, "needed": [], "given": given, "prompt": "", "opening": ""}
    return {
        "definition": definition,
        "needed": needed_by(definition),
        "given": given,
        "prompt": preview(definition.system_prompt, given),
        "opening": preview(definition.opening_line, given),
    }


def _whereabouts(number: str | None, now: datetime) -> dict[str, Any]:
    if number is None:
        return {"number": None}
    zones = numbers.timezones_of(number)
    local = now.astimezone(ZoneInfo(zones[0])) if zones else None
    return {
        "number": number,
        "readable": readable(number),
        "region": numbers.region_of(number),
        "zone": zones[0] if zones else None,
        "local": local.strftime("%H:%M") if local else None,
    }


def _request(view: View, values: Values, given: dict[str, str]) -> CallRequest:
    if not values.agent_id:
        raise Invalid("Choose an agent.", field="agent_id")
    account = view.visitor.account
    number = numbers.read_any(values.number, values.region or account.default_region, field="number")
    later = values.when == "later"
    caller = values.caller_id and numbers.read_any(
        values.caller_id, account.default_region, field="caller_id"
    )
    return CallRequest(
        agent_id=values.agent_id,
        number=number,
        variables=given,
        schedule_at=local_instant(values.schedule_at, values.schedule_zone, field="schedule_at")
        if later
        else None,
        max_duration_seconds=_minutes(values.max_minutes),
        caller_id=caller or None,
        recording_enabled=values.recording == "yes",
        retry=retry_of(values.retries, values.retry_after),
    )


def _minutes(text: str) -> int | None:
    if text and not (text.isdecimal() and len(text) < 5):
        raise Invalid("Expected whole minutes.", field="max_duration_seconds")
    return int(text) * 60 if text else None


def retry_of(retries: str, minutes: str) -> RetryPolicy | None:
    """So many retries, each after so many minutes; None for none. Raises Invalid."""
    if not retries or retries == "0":
        return None
    numbers_given = all(text.isdecimal() and len(text) < 6 for text in (retries, minutes))
    if not numbers_given or int(retries) > 10 or int(minutes) * 60 > 604_800:
        raise Invalid("Expected at most 10 retries, each after at most 7 days, in minutes.", field="retries")
    return RetryPolicy(intervals=[int(minutes) * 60] * int(retries))
