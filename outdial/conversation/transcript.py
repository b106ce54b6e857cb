"""The turns of one conversation, kept as they are said."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from outdial.agents.base import Utterance
from outdial.models.base import utc_now
from outdial.models.call import Speaker


class Sink(Protocol):
    """Where turns go to stay."""

    async def add(self, speaker: Speaker, text: str, at: datetime) -> None:
        """One more turn."""
        ...

    async def cut(self, text: str) -> None:
        """The agent was interrupted: its last turn was heard only so far as ``text``."""
        ...


class Transcript:
    """All that was said, in order; every change goes to the sink before it counts here.

    ``said`` is what an earlier process already stored, when this one continues its conversation.
    """

    def __init__(self, sink: Sink, said: Sequence[Utterance] = ()) -> None:
        self._sink = sink
        self._said = list(said)

    @property
    def said(self) -> Sequence[Utterance]:
        return tuple(self._said)

    @property
    def last(self) -> Utterance | None:
        return self._said[-1] if self._said else None

    @property
    def heard_anything(self) -> bool:
        """Whether the callee has said a word."""
        return any(turn.speaker is Speaker.CALLEE for turn in self._said)

    async def add(self, speaker: Speaker, text: str) -> None:
        """Keep a turn; one without words is none."""
        if text.strip():
            await self._sink.add(speaker, text.strip(), utc_now())
            self._said.append(Utterance(speaker, text.strip()))

    async def interrupt(self, heard: str) -> None:
        """Cut the agent's last turn to what was ``heard``; the agent must not believe the rest was said."""
        position = max(
            (n for n, turn in enumerate(self._said) if turn.speaker is Speaker.AGENT), default=None
        )
        if position is None or not self._said[position].text.startswith(heard.strip()):
            return
        await self._sink.cut(heard.strip())
        self._said[position] = Utterance(Speaker.AGENT, heard.strip())
