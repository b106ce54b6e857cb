"""A conversation with a simulated callee, at the pace of speech or as fast as the machine can."""

import asyncio
from collections.abc import Sequence

from outdial.agents.base import Talker, Utterance
from outdial.carriers.callee import Callee
from outdial.conversation.talk import Heard, Talk, converse
from outdial.conversation.transcript import Transcript
from outdial.models.call import Speaker

SECONDS_PER_WORD = 0.35
_LETTERS_PER_WORD = 6
# How long a callee may say nothing, in seconds of the conversation.
SILENCE_SECONDS = 8.0
# From this speed on nothing sleeps at all.
FULL_SPEED = 1000


def pace_of(speed: float) -> float:
    """Seconds that a spoken word takes when people talk ``speed`` times faster than life; 0 at full speed."""
    return 0.0 if speed >= FULL_SPEED else SECONDS_PER_WORD / speed


async def hold(
    talker: Talker, callee: Callee, transcript: Transcript, *, pace: float, max_seconds: float
) -> Talk:
    """Let them talk. ``pace`` is seconds a word (see `pace_of`), ``max_seconds`` the talk's own time."""
    said = transcript.said
    # The callee's last words may have been stored and the hanging up after them lost with the process.
    if said and said[-1].speaker is Speaker.CALLEE and callee.hears(said[:-1]).hangs_up:
        return Talk("callee", transcript.heard_anything)
    return await converse(talker, SimulatedLine(callee, said, pace=pace), transcript, max_seconds=max_seconds)


class SimulatedLine:
    """Carries words to a callee and back, and keeps the conversation's own time."""

    def __init__(self, callee: Callee, said: Sequence[Utterance] = (), *, pace: float) -> None:
        self._callee = callee
        self._scale = pace / SECONDS_PER_WORD
        self._elapsed = sum(_seconds(turn.text) for turn in said)

    async def say(self, part: str) -> None:
        await self._pass(_seconds(part))

    async def listen(self, said: Sequence[Utterance]) -> Heard:
        reply = self._callee.hears(said)
        if reply.text is None and not reply.hangs_up:
            await self._pass(SILENCE_SECONDS)
        else:
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
