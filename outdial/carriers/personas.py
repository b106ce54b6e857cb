"""Who picks up on the simulated carrier: personas by the last four digits, or dealt out by weights."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from typing import Final

from outdial.errors import Invalid


class Fate(StrEnum):
    """What becomes of one dial."""

    ANSWER = "answer"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "voicemail"
    FAILED = "failed"
    INVALID = "invalid"
    MUTE = "mute"  # it is answered and ends, but the carrier never tells
    LOST_ANSWER = "lost_answer"  # dialled, but the carrier's answer to us is lost; a look-up finds it
    UNREACHED = "unreached"  # the request never reached the carrier; a look-up proves it


@dataclass(frozen=True)
class CalleeReply:
    """What a callee does next: says ``text`` (None: nothing) after a pause, and perhaps hangs up."""

    text: str | None
    hangs_up: bool = False
    pause_seconds: float = 0.6


@dataclass(frozen=True)
class Persona:
    """A callee. ``fates`` has one entry a dial, the last one repeats; ``lines`` are said in order."""

    name: str
    description: str
    fates: tuple[Fate, ...]
    ring_seconds: float
    lines: tuple[CalleeReply, ...]

    def fate(self, attempt: int) -> Fate:
        """What becomes of the dial with this number, counted from 1."""
        return self.fates[min(attempt, len(self.fates)) - 1]


_BOOKS = (
    CalleeReply("Hello? Yes, speaking."),
    CalleeReply("Yes, that works for me. Tuesday at ten in the morning is fine."),
    CalleeReply("No, that's all. Thank you."),
)
_REFUSES = (CalleeReply("Yes, this is me."), CalleeReply("No, I'm not interested, thank you."))
_OPTS_OUT = (CalleeReply("Please take me off your list and don't call me again."),)
_WANTS_PERSON = (CalleeReply("Hello? Can I speak to a real person, please?"), CalleeReply(None))
_HANGS_UP = (CalleeReply(None, hangs_up=True),)
_CALLBACK = (CalleeReply("I'm driving right now. Can you call me back tomorrow after five?"),)
_SILENT = (CalleeReply(None),)
_CHATS = (
    CalleeReply("Hello? Who is this?"),
    CalleeReply("Oh, I see. How did you get my number?"),
    CalleeReply("Hm. And how long does it take?"),
    CalleeReply("My sister had something like that last year. It took the whole afternoon!"),
    CalleeReply("Is there parking near you?"),
    CalleeReply("And what if it rains?"),
    CalleeReply("Let me get my calendar. One moment.", pause_seconds=3),
    CalleeReply("Well, Monday is impossible, I have my pottery class."),
    CalleeReply("Could my neighbour come along?"),
    CalleeReply("Yes, then let's do Thursday at four in the afternoon."),
    CalleeReply("Will I get a message about it?"),
    CalleeReply("No, that's all. Thank you."),
)


# A phone that nobody picks up rings for longer than anyone waits.
_FOR_EVER: Final = 600.0
_ANSWERS: Final = (Fate.ANSWER,)

# By the last four digits of the number.
PERSONAS: Final = {
    "9001": Persona("refuse", "Answers and is not interested.", _ANSWERS, 4, _REFUSES),
    "9002": Persona(
        "busy",
        "Is busy at the first dial; answers the next one and books.",
        (Fate.BUSY, Fate.ANSWER),
        2,
        _BOOKS,
    ),
    "9003": Persona("no_answer", "Never picks up.", (Fate.NO_ANSWER,), _FOR_EVER, ()),
    "9004": Persona("voicemail", "A machine answers.", (Fate.VOICEMAIL,), 12, ()),
    "9005": Persona("opt_out", "Asks to be removed from the list.", _ANSWERS, 3, _OPTS_OUT),
    "9006": Persona("hang_up", "Hangs up right after the opening line.", _ANSWERS, 5, _HANGS_UP),
    "9007": Persona("callback", "Asks to be called back.", _ANSWERS, 4, _CALLBACK),
    "9008": Persona("failed", "The carrier fails to connect.", (Fate.FAILED,), 1, ()),
    "9009": Persona("invalid", "The number does not exist.", (Fate.INVALID,), 0, ()),
    "9010": Persona("silent", "Answers and says nothing.", _ANSWERS, 4, _SILENT),
    "9011": Persona(
        "mute", "The dial goes through, but the carrier's events never come.", (Fate.MUTE,), 4, _BOOKS
    ),
    "9012": Persona(
        "lost_answer",
        "The carrier dials, but its answer to us is lost; then books.",
        (Fate.LOST_ANSWER,),
        4,
        _BOOKS,
    ),
    "9013": Persona(
        "unreached",
        "The first dial never reaches the carrier; the next is answered and books.",
        (Fate.UNREACHED, Fate.ANSWER),
        4,
        _BOOKS,
    ),
    "9014": Persona("chat", "Answers, talks long, and books in the end.", _ANSWERS, 4, _CHATS),
    "9015": Persona("transfer", "Asks to speak to a person.", _ANSWERS, 4, _WANTS_PERSON),
}
BOOK: Final = Persona("book", "Answers and books. Every other number.", _ANSWERS, 4, _BOOKS)
_BY_NAME: Final = {persona.name: persona for persona in (BOOK, *PERSONAS.values())}


def persona_of(number: str, *, seed: int = 0, mix: str | None = None) -> Persona:
    """Who picks up at ``number``: by its last four digits, else dealt from ``mix``, else one who books.

    ``mix`` is weights by persona name, ``book=60,refuse=10,busy=10``; another ``seed`` deals anew.
    Raises Invalid if the mix can't be read.
    """
    if number[-4:] in PERSONAS or mix is None:
        return PERSONAS.get(number[-4:], BOOK)
    weights = read_mix(mix)
    # A digest, not a generator: the same on every machine and for ever.
    digest = hashlib.sha256(f"{seed}:{number}".encode()).digest()
    point = int.from_bytes(digest[:8], "big") % sum(weights.values())
    bounds = zip(weights, accumulate(weights.values()), strict=True)
    return next(_BY_NAME[name] for name, bound in bounds if point < bound)


@lru_cache
def read_mix(mix: str) -> dict[str, int]:
    """The weights in ``book=60,refuse=10``. Raises Invalid."""
    pairs = [entry.partition("=") for entry in mix.replace(" ", "").split(",")]
    weights = {name: int(weight) for name, _, weight in pairs if weight.isdecimal()}
    if len(weights) != len(pairs) or not sum(weights.values()) or weights.keys() - _BY_NAME.keys():
        raise Invalid(
            f"Expected weights such as book=60,refuse=10 of these personas: {', '.join(_BY_NAME)}.",
            field="simulated_mix",
        )
    return weights
