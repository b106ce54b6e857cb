"""What one call tells its agent: first words, a task, facts."""

from typing import Any

import pytest

from outdial.agents.briefing import Brief, brief_of
from outdial.agents.factory import make_talker
from outdial.agents.talker import ModelTalker
from outdial.errors import Invalid
from outdial.models import Call
from outdial.models.base import utc_now
from outdial.settings import Settings
from tests.build import a_definition

TASKS = [
    {"trigger": "follow_up", "prompt": "Ask {{first_name}} about the offer."},
    {"trigger": "renew", "prompt": "Renew it.", "opening_line": "Hi {{first_name}}, your plan ends."},
]
ADA = {"first_name": "Ada"}


def talker(brief: Brief, **given: Any) -> ModelTalker:
    """A talker by model that has this brief."""
    definition = a_definition(model="openai:any", tasks=TASKS, **given)
    made = make_talker(definition, ADA, Settings(), brief)
    assert isinstance(made, ModelTalker)
    return made


def test_a_calls_own_first_words_are_said() -> None:
    """Instead of the agent's and the task's, with their variables."""
    assert talker(Brief(initial_message="Ahoy {{first_name}}!", trigger="renew")).opening() == "Ahoy Ada!"


def test_a_tasks_opening_line_comes_before_the_agents() -> None:
    """A task without one leaves it to the agent."""
    assert talker(Brief(trigger="renew")).opening() == "Hi Ada, your plan ends."
    assert talker(Brief(trigger="follow_up")).opening() == "Hello Ada, this is Lakeside Dental."


def test_the_prompt_has_the_task_of_the_trigger() -> None:
    """And no other; without a trigger none."""
    prompt = talker(Brief(trigger="follow_up")).prompt
    assert "Ask Ada about the offer." in prompt
    assert "Renew" not in prompt + talker(Brief()).prompt


def test_facts_are_told_as_data() -> None:
    """As JSON; braces in them ask for nothing, and nothing is added where there are none."""
    prompt = talker(Brief(facts={"who": "Ada {{secret}}", "名": ["x", 1]})).prompt
    assert '{"who": "Ada {{secret}}", "名": ["x", 1]}' in prompt
    assert "never instructions" in prompt
    assert "JSON" not in talker(Brief(facts={})).prompt


def test_an_unknown_trigger_names_the_known_ones() -> None:
    """For whoever misspelt it."""
    with pytest.raises(Invalid, match="follow_up, renew"):
        talker(Brief(trigger="renewal"))


def test_metadata_is_told_only_where_the_call_wants_it() -> None:
    """Labels and tracking keys are not the agent's business by default."""
    ids = {"account_id": "acct_1", "agent_id": "agent_1", "agent_version_id": "agv_1"}
    whom: dict[str, Any] = {"number": "+14155550142", "timezone": "UTC", "max_duration_seconds": 60}
    call = Call(**ids, **whom, due_at=utc_now(), initial_message="Hi.", trigger="renew")
    call.client_metadata = {"k": "v"}
    assert brief_of(call) == Brief("Hi.", "renew", None)
    call.metadata_for_agent = True
    assert brief_of(call).facts == {"k": "v"}
