"""The agent that needs no model and no key: fixed sentences chosen by what the callee means. English only."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from outdial.agents.base import ReplyPart, Utterance
from outdial.agents.intents import Intent, intent_of, time_named
from outdial.models.call import Speaker

ASK = "I'd like to arrange this with you now, it takes a minute. Would that work for you?"

_FAREWELLS = {
    Intent.OPT_OUT: "Of course. I have noted that, and we will not call you again. Goodbye.",
    Intent.CALLBACK: "No problem at all, we will call you back{time}. Goodbye.",
    Intent.REFUSES: "I understand. Thank you for your time. Goodbye.",
    Intent.GOODBYE: "Thank you for your time. Have a good day, goodbye.",
}
_AGREED = "Wonderful, I have noted that{time}. Is there anything else I can do for you?"
_CONNECTING = "Of course. I am connecting you to a colleague now."
_WHO = "I'm an automated assistant, calling about what I just mentioned. {ask}"
_ANSWERS = (
    "That is a good question. My colleagues will send you the details. Shall we go on?",
    "I'm not sure about that, so I'm making a note of it. What else would you like to know?",
)
_NODS = ("I see. Shall we go on?", "Thank you for telling me. Would it still work for you?")


@dataclass(frozen=True)
class ScriptedTalker:
    """Says the agent's own opening line, then one of a few fixed turns. ``line`` is the opening, rendered."""

    line: str
    label: str = "scripted agent, no model"
    transfers: bool = False

    def opening(self) -> str:
        return self.line

    async def reply(self, said: Sequence[Utterance]) -> AsyncIterator[ReplyPart]:
        if self.transfers and intent_of(last_heard(said)) is Intent.HUMAN:
            yield ReplyPart(_CONNECTING, transfer=True)
            return
        text, end = _turn(said)
        parts = re.findall(r"\S.*?[.?!](?:\s|$)", text)
        for position, part in enumerate(parts, start=1):
            yield ReplyPart(part, end=end and position == len(parts))


def _turn(said: Sequence[Utterance]) -> tuple[str, bool]:
    """What to say next, and whether to hang up after it."""
    heard = last_heard(said)
    intent = intent_of(heard)
    if intent in _FAREWELLS:
        return _FAREWELLS[intent].format(time=_named(heard, " ")), True
    if intent is Intent.ASKS_WHO:
        return _WHO.format(ask=ASK), False
    if not has_asked(said):
        return f"Thank you. {ASK}", False
    if intent is Intent.AGREES:
        return _AGREED.format(time=_named(heard, ": ")), False
    choices = _ANSWERS if intent is Intent.ASKS else _NODS
    return choices[len(said) // 2 % len(choices)], False


def last_heard(said: Sequence[Utterance]) -> str:
    """All that the callee said since the agent's last turn."""
    turns = [turn.speaker is Speaker.AGENT for turn in said]
    start = len(turns) - turns[::-1].index(True) if True in turns else 0
    return " ".join(turn.text for turn in said[start:])


def has_asked(said: Sequence[Utterance]) -> bool:
    """Whether the agent has put its question; a yes before that is only a greeting."""
    return any(turn.speaker is Speaker.AGENT and ASK in turn.text for turn in said)


def _named(heard: str, joint: str) -> str:
    time = time_named(heard)
    return f"{joint}{time}" if time else ""
