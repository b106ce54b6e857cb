"""How long a callee may say nothing."""

import asyncio
from dataclasses import replace

import pytest

from outdial.agents.base import Utterance
from outdial.carriers.callee import Callee
from outdial.carriers.personas import BOOK, PERSONAS, CalleeReply
from outdial.conversation.silence import SECONDS, Patience
from outdial.conversation.simulated import SimulatedLine
from outdial.models.call import Speaker

HELLO = Utterance(Speaker.AGENT, "Hello?")
YES = Utterance(Speaker.CALLEE, "Yes?")


@pytest.mark.parametrize(("timeout", "first"), [(None, SECONDS), (2500, 2.5), (60_000, 60.0)])
def test_the_calls_timeout_holds_until_the_first_word(timeout: int | None, first: float) -> None:
    """In milliseconds; from the first word on, the usual patience."""
    patience = Patience.of(timeout)
    assert (patience.seconds([]), patience.seconds([HELLO]), patience.seconds([HELLO, YES, HELLO])) == (
        first,
        first,
        SECONDS,
    )


def silence(pause: float, timeout: int) -> tuple[str | None, float]:
    """What is heard of somebody who speaks after a pause, and how many seconds that took."""
    lines = (CalleeReply("Yes?", pause_seconds=pause),)
    line = SimulatedLine(Callee(replace(BOOK, lines=lines)), pace=0, patience=Patience.of(timeout))
    heard = asyncio.run(line.listen([HELLO]))
    return heard.text, line.elapsed()


def test_who_answers_too_late_was_silent() -> None:
    """The wait is exactly the timeout."""
    assert silence(pause=5, timeout=3000) == (None, 3.0)


def test_who_answers_in_time_is_heard() -> None:
    """Also after a pause that the usual patience would not have."""
    heard, seconds = silence(pause=20, timeout=30_000)
    assert (heard, seconds > 20) == ("Yes?", True)


def test_somebody_who_never_speaks_is_waited_for_so_long() -> None:
    """A persona that says nothing."""
    line = SimulatedLine(Callee(PERSONAS["9010"]), pace=0, patience=Patience.of(1500))
    assert asyncio.run(line.listen([HELLO])).text is None
    assert line.elapsed() == 1.5
