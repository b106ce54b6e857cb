"""The agent without a model: what it understands, and what it makes of it."""

import asyncio

import pytest

from outdial.agents.base import Utterance
from outdial.agents.factory import make_analyst, make_talker, validate_model
from outdial.agents.intents import Intent, intent_of
from outdial.agents.scripted import ASK
from outdial.errors import Invalid
from outdial.models.agent import OutcomeChoice
from outdial.models.call import Speaker
from outdial.settings import Settings
from tests.build import a_definition

BOOKING = (
    Utterance(Speaker.AGENT, ASK),
    Utterance(Speaker.CALLEE, "Yes, sure."),
)
REFUSING = (
    Utterance(Speaker.AGENT, ASK),
    Utterance(Speaker.CALLEE, "No thanks."),
)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Yes.", Intent.AGREES),
        ("Okay, that works", Intent.AGREES),
        ("No problem, sure", Intent.AGREES),
        ("No.", Intent.REFUSES),
        ("Okay, but I’m not interested", Intent.REFUSES),
        ("I don't want that", Intent.REFUSES),
        ("Can you call me later?", Intent.CALLBACK),
        ("Yes, but I'm in a meeting", Intent.CALLBACK),
        ("It's a bad time", Intent.CALLBACK),
        ("STOP CALLING ME", Intent.OPT_OUT),
        ("Yes, please remove me from your list", Intent.OPT_OUT),
        ("Never call here again", Intent.OPT_OUT),
        ("Who is this?", Intent.ASKS_WHO),
        ("Where are you calling from?", Intent.ASKS_WHO),
        ("What does it cost?", Intent.ASKS),
        ("No, that's all, thanks", Intent.GOODBYE),
        ("Bye!", Intent.GOODBYE),
        ("I know a cook", Intent.OTHER),
        ("Hello", Intent.OTHER),
    ],
)
def test_phrases_are_understood(text: str, intent: Intent) -> None:
    """The gravest meaning of a sentence counts."""
    assert intent_of(text) is intent


def test_the_scripted_agent_says_that_it_is_no_model() -> None:
    """Nobody takes it for more than it is."""
    talker = make_talker(a_definition(), {"first_name": "Ada"}, Settings())
    assert talker.label == "scripted agent, no model"


@pytest.mark.parametrize(
    "names", [["SALE", "NO_SALE"], ["ACCEPTED", "DECLINED"], ["INTERESTED", "NOT_INTERESTED"]]
)
def test_outcomes_are_found_by_their_names(names: list[str]) -> None:
    """The first is the agreement, the second the refusal, in either order of the list."""
    choices = [OutcomeChoice(name=name, meaning="See the name.") for name in names]
    for listed in (choices, choices[::-1]):
        analyst = make_analyst(a_definition(outcomes=listed), {}, Settings())
        found = [asyncio.run(analyst.extract(said)).outcome for said in (BOOKING, REFUSING)]
        assert found == names


def test_outcomes_are_found_by_their_meanings() -> None:
    """Where the names say nothing."""
    meanings = {"A": "The person confirmed.", "B": "The person declined."}
    choices = [OutcomeChoice(name=name, meaning=meaning) for name, meaning in meanings.items()]
    analyst = make_analyst(a_definition(outcomes=choices), {}, Settings())
    assert [asyncio.run(analyst.extract(said)).outcome for said in (BOOKING, REFUSING)] == ["A", "B"]


@pytest.mark.parametrize(
    "name",
    [
        "scripted",
        "openai:gpt-5.2",
        "openai-chat:gpt-5.2",
        "openai-responses:gpt-5.2",
        "anthropic:claude-opus-4-5",
    ],
)
def test_models_that_can_work_are_accepted(name: str) -> None:
    """By name alone, without asking anyone."""
    validate_model(name)


@pytest.mark.parametrize(
    "name", ["", "gpt-5.2", "openai:", "openai: ", ":gpt", "nobody:gpt", "test", "test:x"]
)
def test_models_that_cannot_work_are_refused(name: str) -> None:
    """With the form that was expected, on the field."""
    with pytest.raises(Invalid, match="provider:model") as refused:
        validate_model(name)
    assert refused.value.field == "model"


def test_a_model_without_a_key_is_refused_where_settings_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of one's own needs none."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(Invalid, match="No key"):
        validate_model("openai:gpt-5.2", Settings())
    validate_model("openai:gpt-5.2", Settings.model_validate({"openai_api_key": "key"}))
    validate_model("openai:llama", Settings(model_base_url="http://127.0.0.1:9/v1"))
