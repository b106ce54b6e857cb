"""The turn loop: the agent speaks, the other side answers, until one of them ends it."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from outdial.agents.base import ReplyPart, Talker, TalkFailed, Utterance
from outdial.conversation.transcript import Transcript
from outdial.models.call import Speaker

STILL_THERE = "Hello? Are you still there?"
NOBODY_THERE = "I'm afraid I can't hear you, so I'll end the call here. Goodbye."
APOLOGY = "I'm sorry, I'm having a technical problem and have to end the call here. Goodbye."

EndedBy = Literal["agent", "callee", "silence", "limit", "error", "transfer"]


@dataclass(frozen=True)
class Talk:
    """How a conversation ended. ``error`` says what failed where ``ended_by`` is ``error``."""

    ended_by: EndedBy
    heard_anything: bool
    error: str | None = None


@dataclass(frozen=True)
class Heard:
    """The other side's turn: ``text`` None is a silence that lasted too long.

    ``cut`` is what was heard of the agent's last words, where the other side broke into them.
    """

    text: str | None
    hung_up: bool = False
    cut: str | None = None


class Interrupted(Exception):
    """The other side broke into the agent's turn, of which only ``heard`` was heard; None where that is unknown."""

    def __init__(self, heard: str | None) -> None:
        super().__init__(heard)
        self.heard = heard


class Transport(Protocol):
    """What carries the voices: a simulated callee, or a real phone."""

    # From the other side's last word to the first of the agent's turn, where that is measured.
    latency_ms: int | None

    def speaking(self) -> AbstractAsyncContextManager[None]:
        """One turn of the agent. Raises Interrupted when the other side breaks in before all of it was sent."""
        ...

    async def say(self, part: str) -> None:
        """Speak a part of the agent's turn; the parts of one turn follow each other without a pause."""
        ...

    async def press(self, keys: str) -> None:
        """Press these keys, after the words so far."""
        ...

    async def play(self, source: str) -> None:
        """Play the recording at that address, after the words so far."""
        ...

    async def change_language(self, language: str) -> None:
        """Speak and understand that language from here on."""
        ...

    async def listen(self, said: Sequence[Utterance]) -> Heard:
        """Wait for the other side's turn."""
        ...

    def elapsed(self) -> float:
        """Seconds since the call was answered, in the time of the people who talk."""
        ...


class _Ended(Exception):
    def __init__(self, by: EndedBy, error: str | None = None) -> None:
        super().__init__(by)
        self.by: EndedBy = by
        self.error = error


# Words after which the call is over, should a process have died between saying them and hanging up.
_LAST_WORDS: dict[str, EndedBy] = {NOBODY_THERE: "silence", APOLOGY: "error"}


async def converse(
    talker: Talker, transport: Transport, transcript: Transcript, *, max_seconds: float
) -> Talk:
    """Hold the conversation to its end, from the beginning or from where ``transcript`` stands."""
    try:
        while transport.elapsed() < max_seconds:
            await _turn(talker, transport, transcript)
        raise _Ended("limit")
    except _Ended as ended:
        return Talk(ended.by, transcript.heard_anything, ended.error)


async def _turn(talker: Talker, transport: Transport, transcript: Transcript) -> None:
    """Whoever has not spoken last speaks; so a stored transcript says by itself where to go on."""
    last = transcript.last
    if last is None:
        await _speak(talker.opening(), transport, transcript)
    elif last.speaker is Speaker.CALLEE:
        await _reply(talker, transport, transcript)
    elif last.text in _LAST_WORDS:
        raise _Ended(_LAST_WORDS[last.text])
    else:
        await _listen(transport, transcript)


async def _speak(text: str, transport: Transport, transcript: Transcript) -> None:
    """Fixed words; kept before they are spoken, so that they are not spoken twice."""
    await transcript.add(Speaker.AGENT, text)
    try:
        async with transport.speaking():
            await transport.say(text)
    except Interrupted as broken:
        await transcript.interrupt(broken.heard)


async def _reply(talker: Talker, transport: Transport, transcript: Transcript) -> None:
    parts: list[str] = []
    try:
        async with transport.speaking():
            end = await _stream(talker, transport, transcript, parts)
    except Interrupted as broken:
        await _give_way(broken, "".join(parts), transport, transcript)
        return
    except TalkFailed as failure:
        await transcript.add(Speaker.AGENT, "".join(parts), transport.latency_ms)
        await _speak(APOLOGY, transport, transcript)
        raise _Ended("error", str(failure)) from failure
    await transcript.add(Speaker.AGENT, "".join(parts), transport.latency_ms)
    if end:
        raise _Ended(end)


async def _give_way(broken: Interrupted, spoken: str, transport: Transport, transcript: Transcript) -> None:
    """Keep what was heard of a turn that was broken into, and listen."""
    if spoken.strip():
        await transcript.add(Speaker.AGENT, spoken, transport.latency_ms)
        await transcript.interrupt(broken.heard)
    await _listen(transport, transcript)


async def _stream(
    talker: Talker, transport: Transport, transcript: Transcript, parts: list[str]
) -> EndedBy | None:
    """Speak the agent's turn as it is made, gathering it in ``parts``; answers whether it ends the call, and how."""
    end: EndedBy | None = None
    async for part in talker.reply(transcript.said):
        parts.append(part.told)
        if part.end or part.transfer:
            end = "transfer" if part.transfer else "agent"
        await _do(part, transport)
    if not end and not "".join(parts).strip():
        raise TalkFailed(f"{talker.label} said nothing")
    return end


async def _do(part: ReplyPart, transport: Transport) -> None:
    if part.language:
        await transport.change_language(part.language)
    if part.text:
        await transport.say(part.text)
    if part.keys:
        await transport.press(part.keys)
    if part.sound:
        await transport.play(part.sound)


async def _listen(transport: Transport, transcript: Transcript) -> None:
    """The callee's turn. A long silence is asked about once, then it ends the call."""
    heard = await transport.listen(transcript.said)
    if heard.cut is not None:
        await transcript.interrupt(heard.cut)
    if heard.text:
        await transcript.add(Speaker.CALLEE, heard.text)
    if heard.hung_up:
        raise _Ended("callee")
    if not heard.text:
        asked = transcript.last is not None and transcript.last.text == STILL_THERE
        await _speak(NOBODY_THERE if asked else STILL_THERE, transport, transcript)
