"""The line to a real phone, frame by frame."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from outdial.agents.base import ReplyPart, Utterance
from outdial.conversation.relay import RelayLine
from outdial.conversation.silence import Patience
from outdial.conversation.talk import Talk, converse
from outdial.conversation.transcript import UNHEARD, Transcript
from tests.talk.test_conversation import Kept

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Slow:
    """An agent that speaks word by word, as fast as the test lets it, and ends when told to leave."""

    label = "slow"

    def __init__(self) -> None:
        self.may_speak = asyncio.Event()
        self.was_cut = False

    def opening(self) -> str:
        return "Hello."

    async def reply(self, said: Sequence[Utterance]) -> AsyncIterator[ReplyPart]:
        if said[-1].text.endswith("leave"):
            yield ReplyPart("Bye.", end=True)
            return
        if said[-1].text.endswith("all at once"):
            yield ReplyPart("Claro.", language="es-US", keys="12#", sound="https://example.com/terms.mp3")
            return
        try:
            for word in ("one ", "two ", "three ", "four "):
                yield ReplyPart(word)
                await self.may_speak.wait()
                self.may_speak.clear()
        except (asyncio.CancelledError, GeneratorExit):
            self.was_cut = True
            raise


class Phone:
    """The other end: what was sent to it, and a conversation that runs beside the test."""

    def __init__(self, silence: float = 5) -> None:
        self.sent: list[dict[str, Any]] = []
        self.line = RelayLine(self._take, patience=Patience(silence, silence))
        self.agent, self.kept = Slow(), Kept()
        self.talking = asyncio.create_task(
            converse(self.agent, self.line, Transcript(self.kept), max_seconds=60)
        )

    async def _take(self, frame: dict[str, Any]) -> None:
        self.sent.append(frame)

    async def say(self, text: str) -> None:
        self.line.take({"type": "prompt", "voicePrompt": text, "lang": "en-US", "last": True})
        await self.settle()

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    @property
    def tokens(self) -> list[str]:
        return [frame["token"] for frame in self.sent if frame["token"]]

    async def ended(self) -> Talk:
        return await asyncio.wait_for(self.talking, 5)


async def test_words_are_sent_as_they_are_made() -> None:
    """And the last token says that it is the last."""
    phone = Phone()
    await phone.settle()
    assert [(frame["token"], frame["last"]) for frame in phone.sent] == [("Hello.", False), ("", True)]
    await phone.say("go on")
    assert phone.tokens == ["Hello.", "one "]
    phone.line.close()
    await phone.ended()


async def test_an_interruption_stops_the_agent_at_once() -> None:
    """No late word is sent, the model is let go, and the transcript keeps what was heard."""
    phone = Phone()
    await phone.settle()
    await phone.say("go on")
    phone.agent.may_speak.set()
    await phone.settle()
    heard = {"type": "interrupt", "utteranceUntilInterrupt": "one", "durationUntilInterruptMs": "460"}
    phone.line.take(heard)
    await phone.settle()
    phone.agent.may_speak.set()
    await phone.settle()
    assert phone.tokens == ["Hello.", "one ", "two "]
    assert phone.agent.was_cut
    await phone.say("leave")
    assert (await phone.ended()).ended_by == "agent"
    assert [turn.text for turn in phone.kept.turns] == ["Hello.", "go on", "one", "leave", "Bye."]


async def test_an_agent_changes_its_language_presses_keys_and_plays_recordings() -> None:
    """Each with its own frame, in order, and the transcript tells of it."""
    phone = Phone()
    await phone.settle()
    await phone.say("all at once")
    assert phone.sent[2:] == [
        {"type": "language", "ttsLanguage": "es-US", "transcriptionLanguage": "es-US"},
        {"type": "text", "token": "Claro.", "last": False},
        {"type": "sendDigits", "digits": "12#"},
        {"type": "play", "source": "https://example.com/terms.mp3", "loop": 1, "interruptible": True},
        {"type": "text", "token": "", "last": True},
    ]
    phone.line.close()
    await phone.ended()
    assert phone.kept.turns[-1].text == "Claro. [Pressed 12# on the keypad.] [Played a recording.]"


async def test_what_is_broken_off_before_a_word_was_heard_was_not_said() -> None:
    """An interruption while speech still plays, after the last word was sent."""
    phone = Phone()
    await phone.settle()
    phone.line.take({"type": "interrupt", "utteranceUntilInterrupt": "", "durationUntilInterruptMs": 0})
    await phone.say("leave")
    await phone.ended()
    assert [turn.text for turn in phone.kept.turns] == [UNHEARD, "leave", "Bye."]


async def test_whoever_goes_on_speaking_gets_one_answer() -> None:
    """A second sentence that comes before the agent's first word belongs to the same turn."""
    phone = Phone()
    await phone.settle()
    phone.line.take({"type": "prompt", "voicePrompt": "wait", "last": True})
    phone.line.take({"type": "prompt", "voicePrompt": "leave", "last": True})
    await phone.ended()
    assert [turn.text for turn in phone.kept.turns][-1] == "Bye."
    assert phone.tokens.count("Bye.") == 1


async def test_a_partial_transcript_is_not_answered() -> None:
    """Only the last one of a sentence is."""
    phone = Phone()
    await phone.settle()
    phone.line.take({"type": "prompt", "voicePrompt": "lea", "last": False})
    await phone.settle()
    assert phone.tokens == ["Hello."]
    await phone.say("leave")
    assert (await phone.ended()).ended_by == "agent"


async def test_keys_are_gathered_into_one_turn() -> None:
    """Until the hash, or a pause."""
    phone = Phone()
    await phone.settle()
    for key in "12#":
        phone.line.take({"type": "dtmf", "digit": key})
    await phone.settle()
    assert phone.kept.turns[-1].text == "[Pressed 12# on the keypad.]"
    phone.line.close()
    await phone.ended()


async def test_a_closed_socket_is_a_hang_up() -> None:
    """Even in the middle of the agent's turn."""
    phone = Phone()
    await phone.settle()
    await phone.say("go on")
    phone.line.close()
    assert (await phone.ended()).ended_by == "callee"


async def test_frames_that_nobody_knows_mean_nothing() -> None:
    """Nor does an error that Twilio tells of end the conversation."""
    phone = Phone()
    await phone.settle()
    phone.line.take({"type": "error", "description": "invalid message"})
    phone.line.take({"type": "news", "of": "tomorrow"})
    await phone.say("leave")
    assert (await phone.ended()).ended_by == "agent"


async def test_the_session_ends_only_when_the_last_words_were_played() -> None:
    """Ending it with the last token would cut them."""
    phone = Phone()
    await phone.settle()
    await phone.say("leave")
    await phone.ended()
    ending = asyncio.create_task(phone.line.end({"reason": "agent"}))
    await phone.settle()
    assert phone.sent[-1]["type"] == "text"
    phone.line.take({"type": "info", "name": "agentSpeaking", "value": "off"})
    await ending
    assert phone.sent[-1] == {"type": "end", "handoffData": '{"reason": "agent"}'}


async def test_latency_is_from_the_prompt_to_the_first_token() -> None:
    """Not measured for the opening line."""
    phone = Phone()
    await phone.settle()
    assert phone.line.latency_ms is None
    await phone.say("go on")
    assert phone.line.latency_ms is not None
    assert phone.line.latency_ms < 1_000
    phone.line.close()
    await phone.ended()
