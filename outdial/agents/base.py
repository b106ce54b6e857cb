"""What every agent does: talk one turn at a time, and say afterwards what came of the talk."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pydantic import BaseModel, Field

from outdial.models.call import Sentiment, Speaker

# The outcome of a call whose callee asked not to be called again, whatever the agent's own outcomes are.
OPT_OUT: Final = "OPT_OUT"

FieldValue = str | bool | int | float | None


@dataclass(frozen=True)
class Utterance:
    """What one side said in one go."""

    speaker: Speaker
    text: str


@dataclass(frozen=True)
class ReplyPart:
    """A piece of what the agent says, spaces included.

    ``end`` on the last one asks to hang up after it, ``transfer`` to connect the callee to a person instead.
    ``keys`` are pressed and the ``sound``, an address, is played after the words; ``language`` is spoken and
    understood from these words on.
    """

    text: str
    end: bool = False
    transfer: bool = False
    keys: str | None = None
    sound: str | None = None
    language: str | None = None

    @property
    def told(self) -> str:
        """The words, and what was done besides, as a transcript has it."""
        done = [f"[Pressed {self.keys} on the keypad.]"] if self.keys else []
        done += ["[Played a recording.]"] if self.sound else []
        return " ".join([self.text, *done]) if done else self.text


class Extraction(BaseModel):
    """What came of a conversation. Dates among ``fields`` are ISO 8601 texts; what was not said is None."""

    summary: str
    sentiment: Sentiment
    outcome: str
    fields: dict[str, FieldValue] = Field(default_factory=dict[str, FieldValue])
    opt_out: bool = False


class TalkFailed(Exception):
    """The agent can't say its next turn: its model refused, failed, or did not answer in time."""


class ExtractionFailed(Exception):
    """The conversation could not be understood. ``retryable``: it may work later."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.message = message
        self.retryable = retryable


class Talker(Protocol):
    """An agent on the phone. It keeps no memory of its own: all that was said comes with each question."""

    @property
    def label(self) -> str:
        """What is talking, for people: a model's name, or that there is none."""
        ...

    def opening(self) -> str:
        """The agent's first words, ready without a model."""
        ...

    def reply(self, said: Sequence[Utterance]) -> AsyncIterator[ReplyPart]:
        """The agent's next turn, in parts as they are made. Raises TalkFailed."""
        ...


class Analyst(Protocol):
    """Reads a finished conversation."""

    async def extract(self, said: Sequence[Utterance]) -> Extraction:
        """What came of it; the outcome is one of the agent's own, or OPT_OUT. Raises ExtractionFailed."""
        ...
