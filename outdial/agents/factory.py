"""Makes the agent that a definition asks for: the scripted one, or any model by its name."""

from collections.abc import Mapping
from typing import Any

from outdial.agents.base import Analyst, Talker
from outdial.agents.briefing import NOTHING_MORE, Brief, facts_of, opening_of, prompt_of
from outdial.agents.reading import ScriptedAnalyst
from outdial.agents.scripted import ScriptedTalker
from outdial.errors import Invalid
from outdial.models.agent import AgentDefinition
from outdial.settings import Settings
from outdial.variables import render

SCRIPTED = "scripted"


def make_talker(
    definition: AgentDefinition,
    variables: Mapping[str, Any],
    settings: Settings,
    brief: Brief = NOTHING_MORE,
) -> Talker:
    """Who talks. Raises Invalid where a variable of the prompt or opening line is missing."""
    opening = render(opening_of(definition, brief), variables)
    if definition.model == SCRIPTED:
        return ScriptedTalker(opening, transfers=definition.transfer_number is not None)
    # Here and below: the model libraries take seconds to import, and the scripted agent needs none of them.
    from outdial.agents.talker import ModelTalker
    from outdial.agents.tools import Tools

    # Facts are added after rendering: braces in what a client sent ask for nothing.
    prompt = render(prompt_of(definition, brief), variables) + facts_of(brief)
    return ModelTalker(definition.model, opening, prompt, settings, Tools.of(definition))


def make_analyst(definition: AgentDefinition, variables: Mapping[str, Any], settings: Settings) -> Analyst:
    """Who reads the finished conversation."""
    if definition.model == SCRIPTED:
        return ScriptedAnalyst(definition, variables)
    from outdial.agents.analyst import ModelAnalyst

    return ModelAnalyst(definition, settings)


def validate_model(name: str, settings: Settings | None = None) -> None:
    """Raises Invalid for a model that can't work; with ``settings``, also for one that lacks its key here."""
    if name == SCRIPTED:
        return
    from outdial.agents import providers

    provider, _, model = name.partition(":")
    if not model.strip() or not providers.knows(provider):
        raise Invalid(
            "Expected `scripted`, or provider:model, such as openai:gpt-5.2 or anthropic:claude-opus-4-5.",
            field="model",
        )
    if settings and not providers.has_key(name, settings):
        raise Invalid(f"No key is set for models of {provider}.", field="model")
