"""Agents: who talks. A call keeps the version of the agent that it was created with."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel
from pydantic import Field as PydanticField
from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from outdial.ids import new_id
from outdial.models.base import JsonColumn, Table, UtcDateTime, utc_now

LANGUAGE: Final = r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$"


class OutcomeChoice(BaseModel):
    """One tag that a conversation may end with, and when it applies."""

    name: str = PydanticField(pattern=r"^[A-Z][A-Z0-9_]{0,63}$", examples=["BOOKED"])
    meaning: str = PydanticField(min_length=1, max_length=500, examples=["The person agreed to a time."])


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"


class ExtractedField(BaseModel):
    """One fact to read out of the conversation, None where it was not said."""

    name: str = PydanticField(pattern=r"^[a-z][a-z0-9_]{0,63}$", examples=["appointment_time"])
    type: FieldType = FieldType.TEXT
    description: str = PydanticField(default="", max_length=500)


class AgentTask(BaseModel):
    """What an agent is to do in calls with this trigger, besides its system prompt."""

    trigger: str = PydanticField(min_length=1, max_length=100, examples=["sales_followup"])
    prompt: str = PydanticField(min_length=1, max_length=20_000)
    opening_line: str | None = PydanticField(
        default=None, min_length=1, max_length=2_000, description="Instead of the agent's own."
    )


class VoicemailAction(StrEnum):
    HANG_UP = "hang_up"
    LEAVE_MESSAGE = "leave_message"


class AgentDefinition(BaseModel):
    """Everything that decides how an agent talks; a change of any of it makes a new version."""

    system_prompt: str = PydanticField(min_length=1, max_length=50_000)
    opening_line: str = PydanticField(min_length=1, max_length=2_000)
    language: str = PydanticField(default="en-US", pattern=LANGUAGE)
    voice: str | None = PydanticField(default=None, max_length=200)
    model: str = PydanticField(default="scripted", max_length=200, examples=["scripted", "openai:gpt-5.2"])
    outcomes: list[OutcomeChoice] = PydanticField(min_length=1, max_length=50)
    tasks: list[AgentTask] = PydanticField(default_factory=list[AgentTask], max_length=50)
    fields: list[ExtractedField] = PydanticField(default_factory=list[ExtractedField], max_length=50)
    on_voicemail: VoicemailAction = VoicemailAction.HANG_UP
    voicemail_message: str | None = PydanticField(default=None, max_length=2_000)
    transfer_number: str | None = PydanticField(
        default=None,
        pattern=r"^\+[1-9]\d{6,14}$",
        description="A person's phone, E.164; set, the agent may connect the callee to it.",
        examples=["+12025550199"],
    )
    keypad: bool = PydanticField(
        default=False, description="Whether it may press keys, for machines that ask."
    )
    languages: list[Annotated[str, PydanticField(pattern=LANGUAGE)]] = PydanticField(
        default_factory=list[str],
        max_length=20,
        description="Further languages, to which it may change with the callee.",
        examples=[["es-US"]],
    )
    sounds: dict[str, Annotated[str, PydanticField(pattern=r"^https://\S+$", max_length=2_000)]] = (
        PydanticField(
            default_factory=dict[str, str],
            max_length=20,
            description="Recordings that it may play, by name.",
            examples=[{"disclosure": "https://example.com/disclosure.mp3"}],
        )
    )


class Agent(Table, table=True):
    """An agent's name and which version new calls get."""

    id: str = Field(default_factory=lambda: new_id("agent"), primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    name: str
    version: int = 1
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AgentVersion(Table, table=True):
    """One version of an agent's definition, never changed once written."""

    __table_args__ = (UniqueConstraint("agent_id", "version"),)

    id: str = Field(default_factory=lambda: new_id("agv"), primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    agent_id: str = Field(foreign_key="agent.id")
    version: int
    data: dict[str, Any] = Field(sa_type=JsonColumn)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    @property
    def definition(self) -> AgentDefinition:
        """The stored definition, typed."""
        return AgentDefinition.model_validate(self.data)
