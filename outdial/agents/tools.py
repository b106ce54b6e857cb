"""What a model may do in a turn besides speaking, as tools; which of them there are, the agent's definition says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model
from pydantic_ai import ToolOutput

from outdial.agents.base import ReplyPart
from outdial.models.agent import AgentDefinition

_SAID_BEFORE = "A short sentence to say first; empty if you have said it already."


class EndCall(BaseModel):
    """Hang up after this turn."""

    farewell: str = Field("", description="A short goodbye to say; empty if you have said it already.")


class Transfer(BaseModel):
    """Connect the person to a human colleague, because they asked for one or need one."""

    words: str = Field("", description="A short sentence that you are connecting them; empty if you said it.")


class PressKeys(BaseModel):
    """Press keys, where a machine that answered asks for them."""

    keys: str = Field(pattern=r"^[0-9*#w]{1,50}$", description="Digits, * and #; a w waits half a second.")
    words: str = Field("", description=_SAID_BEFORE)


class ChangeLanguage(BaseModel):
    """Speak and understand another language from now on, because the person does."""

    language: str
    words: str = Field(min_length=1, description="What you say next, in that language.")


class PlaySound(BaseModel):
    """Play a recording to the person."""

    sound: str
    words: str = Field("", description=_SAID_BEFORE)


Output = str | EndCall | Transfer | PressKeys | ChangeLanguage | PlaySound


@dataclass(frozen=True)
class Tools:
    """What the agent may do: ``sounds`` are addresses by name, ``languages`` those that it may change to."""

    transfers: bool = False
    keypad: bool = False
    languages: Sequence[str] = ()
    sounds: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, definition: AgentDefinition) -> "Tools":
        """Those of an agent."""
        transfers = definition.transfer_number is not None
        return cls(transfers, definition.keypad, definition.languages, definition.sounds)

    def outputs(self) -> list[Any]:
        """What the model may answer with besides words."""
        found: list[Any] = [ToolOutput(EndCall, name="end_call")]
        if self.transfers:
            found.append(ToolOutput(Transfer, name="transfer_call"))
        if self.keypad:
            found.append(ToolOutput(PressKeys, name="press_keys"))
        if self.languages:
            chosen = _choosing(ChangeLanguage, "language", self.languages)
            found.append(ToolOutput(chosen, name="change_language"))
        if self.sounds:
            found.append(ToolOutput(_choosing(PlaySound, "sound", list(self.sounds)), name="play_sound"))
        return found

    def part(self, output: object, *, spoken: bool) -> ReplyPart | None:
        """What the model's last answer does, after the words that were ``spoken`` in this turn."""
        match output:
            case EndCall():
                return ReplyPart("" if spoken else output.farewell, end=True)
            case Transfer():
                return ReplyPart("" if spoken else output.words, transfer=True)
            case PressKeys():
                return ReplyPart("" if spoken else output.words, keys=output.keys)
            case ChangeLanguage():
                return ReplyPart(output.words, language=output.language)
            case PlaySound():
                return ReplyPart("" if spoken else output.words, sound=self.sounds[output.sound])
            case _:
                return None


def _choosing(model: type[BaseModel], name: str, choices: Sequence[str]) -> type[BaseModel]:
    """That tool with the choices there are."""
    fields: dict[str, Any] = {name: (Literal[tuple(choices)], ...)}
    return create_model(model.__name__, __base__=model, __doc__=model.__doc__, **fields)
