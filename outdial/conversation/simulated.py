"""A conversation with a simulated callee, at the pace of speech or as fast as the machine can."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from outdial.agents.base import Talker, Utterance
from outdial.carriers.callee import Callee
from outdial.conversation.silence import USUAL, Patience
from outdial.conversation.talk import Heard, Talk, converse
from outdial.conversation.transcript import Transcript
from outdial.models.call import Speaker

SECONDS_PER_WORD = 0.35
_LETTERS_PER_WORD = 6
# From this speed on nothing sleeps at all.
FULL_SPEED = 1000


def pace_of(speed: float) -> float:
    """Seconds that a spoken word takes when people talk ``speed`` times faster than life; 0 at full speed."""
    return 0.0 if speed >= FULL_SPEED else SECONDS_PER_WORD / speed


async def hold(
    talker: Talker,
    callee: Callee,
    transcript: Transcript,
    *,
    pace: float,
    max_seconds: float,
    patience: Patience = USUAL,
) -> Talk:
    """Let them talk. ``pace`` is seconds a word (see `pace_of`), ``max_seconds`` the talk's own time."""
    said = transcript.said
    # The callee's last words may have been stored and the hanging up after them lost with the process.
    if said and said[-1].speaker is Speaker.CALLEE and callee.hears(said[:-1]).hangs_up:
        return Talk("callee", transcript.heard_anything)
    line = SimulatedLine(callee, said, pace=pace, patience=patience)
    return await converse(talker, line, transcript, max_seconds=max_seconds)


class SimulatedLine:
    """Carries words to a callee and back, and keeps the conversation's own time."""

    latency_ms: int | None = None

    def __init__(
        self, callee: Callee, said: Sequence[Utterance] = (), *, pace: float, patience: Patience = USUAL
    ) -> None:
        self._callee = callee
        self._patience = patience
        self._scale = pace / SECONDS_PER_WORD
        self._elapsed = sum(_seconds(turn.text) for turn in said)

    def speaking(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()  # nobody here breaks in

    async def say(self, part: str) -> None:
        await self._pass(_seconds(part))

    async def press(self, keys: str) -> None:
        """Nobody here asks for keys."""

    async def play(self, source: str) -> None:
        """Silent here."""

    async def change_language(self, language: str) -> None:
        """Everybody here understands."""

    async def listen(self, said: Sequence[Utterance]) -> Heard:
        reply, limit = self._callee.hears(said), self._patience.seconds(said)
        is_silent = reply.text is None and not reply.hangs_up
        if is_silent or reply.pause_seconds > limit:
            await self._pass(limit)
            return Heard(None)
        await self._pass(reply.pause_seconds + _seconds(reply.text or ""))
        return Heard(reply.text, reply.hangs_up)

    def elapsed(self) -> float:
        return self._elapsed

    async def _pass(self, seconds: float) -> None:
        self._elapsed += seconds
        if self._scale:
            await asyncio.sleep(seconds * self._scale)


def _seconds(text: str) -> float:
    """By letters, for the parts of a turn may be parts of a word."""
    return len(text) / _LETTERS_PER_WORD * SECONDS_PER_WORD
