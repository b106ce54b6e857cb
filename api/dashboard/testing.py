"""An agent tried out in a text chat: its own talker answers, nobody is called, nothing is kept."""

import asyncio
import json
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.dashboard.access import Form, FormDep
from api.dashboard.new_call import needed_by
from api.dashboard.views import OperatorViewDep, View
from api.deps import DatabaseDep, SettingsDep
from outdial import catalog
from outdial.agents.base import ExtractionFailed, Talker, TalkFailed, Utterance
from outdial.agents.factory import make_analyst, make_talker
from outdial.errors import Invalid, OutdialError
from outdial.models import Agent, AgentDefinition
from outdial.store.database import Database
from outdial.store.scope import get
from outdial.vocabulary import Speaker

router = APIRouter(prefix="/agents/{agent_id}/test")

MOST_TURNS = 100
LONGEST_TURN = 2_000


@router.get("")
def ask(agent_id: str, view: OperatorViewDep, database: DatabaseDep) -> Response:
    """Values for the agent's variables, then the chat."""
    agent, definition = _agent(view, database, agent_id)
    return view.page("agent_test.html", agent=agent, definition=definition, needed=needed_by(definition))


@router.post("/begin")
def begin(
    agent_id: str, view: OperatorViewDep, form: FormDep, database: DatabaseDep, settings: SettingsDep
) -> Response:
    """The opening line."""
    _, definition = _agent(view, database, agent_id)
    given = form.named("variable:")
    try:
        talker = make_talker(definition, given, settings)
    except OutdialError as error:
        return view.fragment("chat_failed.html", message=error.message)
    said = [Utterance(Speaker.AGENT, talker.opening())]
    return _chat(view, agent_id, given, said, label=talker.label)


@router.post("/say")
async def say(
    agent_id: str, view: OperatorViewDep, form: FormDep, database: DatabaseDep, settings: SettingsDep
) -> Response:
    """The agent's answer to what was typed."""
    _, definition = await asyncio.to_thread(_agent, view, database, agent_id)
    given = form.named("variable:")
    try:
        said = _said(form)
        talker = make_talker(definition, given, settings)
        text, ended = await _answer(talker, said)
    except (OutdialError, TalkFailed) as error:
        return view.fragment("chat_failed.html", message=str(error))
    said.append(Utterance(Speaker.AGENT, text))
    return _chat(view, agent_id, given, said, label=talker.label, ended=ended)


@router.post("/end")
async def end(
    agent_id: str, view: OperatorViewDep, form: FormDep, database: DatabaseDep, settings: SettingsDep
) -> Response:
    """What would be reported of this conversation."""
    _, definition = await asyncio.to_thread(_agent, view, database, agent_id)
    try:
        said = _said(form)
        found = await make_analyst(definition, form.named("variable:"), settings).extract(said)
    except (OutdialError, ExtractionFailed) as error:
        return view.fragment("chat_failed.html", message=str(error))
    return view.fragment("chat_report.html", found=found)


async def _answer(talker: Talker, said: list[Utterance]) -> tuple[str, bool]:
    parts = [part async for part in talker.reply(said)]
    return "".join(part.told for part in parts).strip(), any(part.end for part in parts)


def _agent(view: View, database: Database, agent_id: str) -> tuple[Agent, AgentDefinition]:
    with database.read() as session:
        agent = get(session, view.account_id, Agent, agent_id)
        return agent, catalog.current_version(session, agent).definition


def _said(form: Form) -> list[Utterance]:
    """The conversation so far comes back with the form, for the server keeps none of it."""
    try:
        turns: list[Any] = json.loads(form.text("said") or "[]")
        said = [Utterance(Speaker(speaker), str(text)[:LONGEST_TURN]) for speaker, text in turns]
    except (ValueError, TypeError):
        raise Invalid("This conversation can't be read. Begin anew.") from None
    if len(said) > MOST_TURNS:
        raise Invalid(f"A test ends after {MOST_TURNS} turns. Begin anew.")
    if words := form.text("words")[:LONGEST_TURN]:
        said.append(Utterance(Speaker.CALLEE, words))
    return said


def _chat(
    view: View,
    agent_id: str,
    given: dict[str, str],
    said: list[Utterance],
    *,
    label: str,
    ended: bool = False,
) -> Response:
    kept = json.dumps([[turn.speaker, turn.text] for turn in said], ensure_ascii=False)
    shown: dict[str, Any] = {"agent_id": agent_id, "given": given, "said": said, "kept": kept}
    return view.fragment("chat.html", label=label, ended=ended, **shown)
