"""The turns of one conversation, kept as they are said."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from outdial.agents.base import Utterance
from outdial.models.base import utc_now
from outdial.models.call import Speaker

# What stands for a turn that was broken into before a word of it was heard.
UNHEARD: Final = "…"


class Sink(Protocol):
    """Where turns go to stay."""

    async def add(self, speaker: Speaker, text: str, at: datetime, latency_ms: int | None = None) -> None:
        """One more turn; ``latency_ms`` is how long the agent's own took to begin."""
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

    async def add(self, speaker: Speaker, text: str, latency_ms: int | None = None) -> None:
        """Keep a turn; one without words is none."""
        if text.strip():
            await self._sink.add(speaker, text.strip(), utc_now(), latency_ms)
            self._said.append(Utterance(speaker, text.strip()))

    async def interrupt(self, heard: str | None) -> None:
        """Cut the agent's last turn to what was ``heard``; the agent must not believe the rest was said."""
        position = max(
            (n for n, turn in enumerate(self._said) if turn.speaker is Speaker.AGENT), default=None
        )
        if position is None or heard is None:
            return
        kept = _up_to(self._said[position].text, heard)
        if kept is None:
            return
        await self._sink.cut(kept)
        self._said[position] = Utterance(Speaker.AGENT, kept)


def _up_to(text: str, heard: str) -> str | None:
    """``text`` to the end of what was ``heard`` of it, be it spaced differently; None where it is not in it."""
    if not heard.strip():
        return UNHEARD
    words = r"\s+".join(re.escape(word) for word in heard.split())
    found = re.search(words, text)
    return text[: found.end()] if found else None
