"""Agents as they are described and shown."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from api.body import Body
from outdial.models import Agent, AgentDefinition, AgentTask, AgentVersion, ExtractedField, OutcomeChoice
from outdial.models.agent import VoicemailAction

_EXAMPLE: dict[str, Any] = {
    "name": "Payment reminder",
    "system_prompt": "You are calling {{name}} to remind them about their payment of {{amount_due}}"
    " due on {{due_date}}.",
    "opening_line": "Hello {{name}}, this is Acme. Do you have a minute?",
    "outcomes": [
        {"name": "PROMISED", "meaning": "The person said that they will pay, and when."},
        {"name": "REFUSED", "meaning": "The person will not pay."},
    ],
    "fields": [{"name": "pays_on", "type": "date", "description": "The day they named."}],
}


class AgentCreate(Body, AgentDefinition):
    """A new agent."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: str = Field(min_length=1, max_length=200)

    def definition(self) -> AgentDefinition:
        """What of it makes a version."""
        return AgentDefinition.model_validate(self.model_dump(exclude={"name"}))


class AgentPatch(Body):
    """What to change; fields that are left out stay."""

    name: str = Field("", min_length=1, max_length=200)
    system_prompt: str | None = None
    opening_line: str | None = None
    language: str | None = None
    voice: str | None = None
    model: str | None = None
    outcomes: list[OutcomeChoice] | None = None
    tasks: list[AgentTask] | None = None
    fields: list[ExtractedField] | None = None
    on_voicemail: VoicemailAction | None = None
    voicemail_message: str | None = None
    transfer_number: str | None = None
    keypad: bool | None = None
    languages: list[str] | None = None
    sounds: dict[str, str] | None = None

    def applied_to(self, definition: AgentDefinition) -> AgentDefinition:
        """The definition with these changes. Raises pydantic's ValidationError where that makes none."""
        changes = self.model_dump(exclude_unset=True, exclude={"name"})
        return AgentDefinition.model_validate({**definition.model_dump(), **changes})


class AgentPublic(AgentDefinition):
    """An agent with its current definition."""

    id: str
    name: str
    version: int = Field(description="Grows with each change of the definition.")
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None

    @classmethod
    def of(cls, agent: Agent, version: AgentVersion) -> "AgentPublic":
        """What is shown of an agent."""
        own = agent.model_dump(include={"id", "name", "version", "created_at", "updated_at", "archived_at"})
        return cls.model_validate({**version.data, **own})


class VersionPublic(AgentDefinition):
    """One version of an agent's definition."""

    version: int
    created_at: datetime

    @classmethod
    def of(cls, version: AgentVersion) -> "VersionPublic":
        """What is shown of a version."""
        return cls.model_validate(
            {**version.data, "version": version.version, "created_at": version.created_at}
        )
