"""What a callee means, recognised by English phrases: enough for an agent without a model."""

import re
from enum import StrEnum


class Intent(StrEnum):
    """The kinds of answer that the scripted agent tells apart."""

    OPT_OUT = "opt_out"
    CALLBACK = "callback"
    HUMAN = "human"
    GOODBYE = "goodbye"
    REFUSES = "refuses"
    AGREES = "agrees"
    ASKS_WHO = "asks_who"
    ASKS = "asks"
    OTHER = "other"


# The first that matches decides: a wish not to be called outweighs all, and "no, that's all" is no refusal.
_PHRASES = {
    Intent.OPT_OUT: r"(take|remove) (me|my number|this number) (off|from)|off (your|the) list|unsubscribe"
    r"|opt out|(stop|quit) calling"
    r"|(do not|don't|never) (ever )?(call|contact|phone|ring) (me|us|here|this number|again)",
    Intent.CALLBACK: r"call (me |us )?(back|later|another time|again (later|tomorrow))"
    r"|(try|ring|phone) (me )?(again )?(later|tomorrow|another time)"
    r"|(not|isn't) a good time|bad time|(i'm|i am) (busy|driving|in a meeting)",
    Intent.HUMAN: r"(speak|talk) (to|with) (a |an |some)?(real |actual |live )?(human|person|body|one|operator|agent)"
    r"|(real|actual|live) (human|person)|connect me|put me through|(your|a) (colleague|manager|supervisor)",
    Intent.GOODBYE: r"that('s| is) (all|it|everything)|nothing else|\b(good)?bye\b|have a (good|nice)",
    Intent.REFUSES: r"not interested|no,? thank|\bno\b(?! (problem|worries))|\bnope\b"
    r"|(don't|do not) want|not for me|leave me alone",
    Intent.AGREES: r"\b(yes|yeah|yep|sure|okay|ok|absolutely|certainly)\b|of course|go ahead|sounds good"
    r"|works for me|that works|(i )?agree|i'd (like|love) (to|that)|let's do",
    Intent.ASKS_WHO: r"who('s| is| are) (this|calling|you|speaking)|calling from|what company|a robot",
    Intent.ASKS: r"\?\s*$",
}
_COMPILED = {intent: re.compile(pattern) for intent, pattern in _PHRASES.items()}

_DAY = r"(?:today|tomorrow|(?:next )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|\d{4}-\d{2}-\d{2})"
_HOUR = (
    r"(?:noon|(?:\d{1,2}(?::\d{2})?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b"
    r"(?: o'clock)?(?: ?[ap]\.?m\b\.?)?)"
)
_PART = r"(?:(?: in the)? (?:morning|afternoon|evening))"
_TIME = re.compile(
    rf"\b{_DAY}(?:{_PART})?(?:,? (?:at|after|before|around) {_HOUR})?(?:{_PART})?", re.IGNORECASE
)


def intent_of(text: str) -> Intent:
    """What someone who says ``text`` means."""
    plain = text.lower().replace("’", "'")
    return next((intent for intent, phrase in _COMPILED.items() if phrase.search(plain)), Intent.OTHER)


def time_named(text: str) -> str | None:
    """The day, with the hour if there is one, that ``text`` names: ``Tuesday at ten in the morning``."""
    found = _TIME.search(text)
    return found[0] if found else None
