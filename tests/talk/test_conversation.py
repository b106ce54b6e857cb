"""The turn loop: who ends it and how, silence, limits, failures, and going on after a crash."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import pytest

from outdial.agents.base import OPT_OUT, Extraction, ReplyPart, TalkFailed, Utterance
from outdial.agents.factory import make_analyst, make_talker
from outdial.agents.intents import time_named
from outdial.carriers.callee import Callee
from outdial.carriers.personas import PERSONAS, CalleeReply, Fate, Persona, persona_of
from outdial.conversation.simulated import hold, pace_of
from outdial.conversation.talk import APOLOGY, NOBODY_THERE, STILL_THERE, Talk
from outdial.conversation.transcript import Transcript
from outdial.models.agent import ExtractedField, FieldType, OutcomeChoice
from outdial.models.call import Sentiment, Speaker
from outdial.settings import Settings
from tests.build import a_definition

OUTCOMES = [
    OutcomeChoice(name="CALLBACK", meaning="The person wants to be called later."),
    OutcomeChoice(name="NO_DECISION", meaning="Nothing was settled."),
    OutcomeChoice(name="REFUSED", meaning="The person is not interested."),
    OutcomeChoice(name="BOOKED", meaning="The person agreed to a time."),
]
FIELDS = [
    ExtractedField(name="appointment_time"),
    ExtractedField(name="callback_time"),
    ExtractedField(name="reason"),
    ExtractedField(name="agreed", type=FieldType.BOOLEAN),
    ExtractedField(name="guests", type=FieldType.NUMBER),
    ExtractedField(name="day", type=FieldType.DATE),
]
DEFINITION = a_definition(outcomes=OUTCOMES, fields=FIELDS)
VARIABLES = {"first_name": "Ada"}
TALKER = make_talker(DEFINITION, VARIABLES, Settings())


class Kept:
    """A sink in memory."""

    def __init__(self) -> None:
        self.turns: list[Utterance] = []

    async def add(self, speaker: Speaker, text: str, at: datetime, latency_ms: int | None = None) -> None:
        assert at.tzinfo is not None
        self.turns.append(Utterance(speaker, text))

    async def cut(self, text: str) -> None:
        self.turns[-1] = Utterance(Speaker.AGENT, text)


class Failing:
    """An agent whose model fails in the middle of its first reply."""

    label = "failing"

    def opening(self) -> str:
        return "Hello."

    async def reply(self, said: Sequence[Utterance]) -> AsyncIterator[ReplyPart]:
        yield ReplyPart("Well, ")
        raise TalkFailed("the model is gone")


def _talk(persona: Persona, said: Sequence[Utterance] = (), *, max_seconds: float = 900) -> tuple[Talk, Kept]:
    kept = Kept()
    kept.turns.extend(said)
    transcript = Transcript(kept, said)
    return asyncio.run(hold(TALKER, Callee(persona), transcript, pace=0, max_seconds=max_seconds)), kept


def _extraction(said: Sequence[Utterance]) -> Extraction:
    return asyncio.run(make_analyst(DEFINITION, VARIABLES, Settings()).extract(said))


@pytest.mark.parametrize(
    ("last", "ended_by", "outcome", "sentiment"),
    [
        ("0000", "agent", "BOOKED", Sentiment.POSITIVE),
        ("9001", "agent", "REFUSED", Sentiment.NEGATIVE),
        ("9002", "agent", "BOOKED", Sentiment.POSITIVE),
        ("9005", "agent", OPT_OUT, Sentiment.NEGATIVE),
        ("9006", "callee", "NO_DECISION", Sentiment.NEUTRAL),
        ("9007", "agent", "CALLBACK", Sentiment.NEUTRAL),
        ("9010", "silence", "NO_DECISION", Sentiment.NEUTRAL),
        ("9011", "agent", "BOOKED", Sentiment.POSITIVE),
        ("9012", "agent", "BOOKED", Sentiment.POSITIVE),
        ("9013", "agent", "BOOKED", Sentiment.POSITIVE),
        ("9014", "agent", "BOOKED", Sentiment.POSITIVE),
    ],
)
def test_the_scripted_agent_brings_every_persona_to_its_outcome(
    last: str, ended_by: str, outcome: str, sentiment: Sentiment
) -> None:
    """Everyone who can be talked to ends as their description says."""
    talk, kept = _talk(persona_of(f"+1555000{last}"))
    found = _extraction(kept.turns)
    assert (talk.ended_by, found.outcome, found.sentiment) == (ended_by, outcome, sentiment)
    assert found.opt_out == (outcome == OPT_OUT)


def test_personas_that_never_talk_have_no_lines() -> None:
    """And the others have some, so the cases above are all of them."""
    talking = {Fate.ANSWER, Fate.MUTE, Fate.LOST_ANSWER}
    assert all(bool(talking & {*persona.fates}) == bool(persona.lines) for persona in PERSONAS.values())


def test_the_first_words_are_the_opening_line() -> None:
    """With its variables filled in."""
    _, kept = _talk(PERSONAS["9006"])
    assert kept.turns == [Utterance(Speaker.AGENT, "Hello Ada, this is Lakeside Dental.")]


def test_the_long_talker_takes_at_least_twelve_turns() -> None:
    """Twelve of the callee's own."""
    _, kept = _talk(PERSONAS["9014"])
    assert sum(turn.speaker is Speaker.CALLEE for turn in kept.turns) >= 12


def test_facts_of_a_booking_are_read() -> None:
    """The summary names the person and the time; what was not said is None."""
    found = _extraction(_talk(PERSONAS["9002"])[1].turns)
    booked = "Tuesday at ten in the morning"
    assert found.summary == f"Ada agreed ({booked})."
    assert found.fields == {
        "appointment_time": booked,
        "callback_time": None,
        "reason": None,
        "agreed": True,
        "guests": None,
        "day": None,
    }


def test_a_callback_and_a_refusal_leave_their_own_facts() -> None:
    """When to call again, and why not."""
    assert _extraction(_talk(PERSONAS["9007"])[1].turns).fields["callback_time"] == "tomorrow after five"
    refused = _extraction(_talk(PERSONAS["9001"])[1].turns).fields
    assert (refused["agreed"], refused["reason"]) == (False, "No, I'm not interested, thank you.")


def test_dates_and_numbers_are_read_where_they_are_plain() -> None:
    """An ISO date, and the only number said."""
    said = [Utterance(Speaker.AGENT, "When?"), Utterance(Speaker.CALLEE, "On 2031-03-04, we are 3.")]
    fields = _extraction(said).fields
    assert (fields["day"], fields["guests"]) == ("2031-03-04", 3)


def test_a_yes_to_the_opening_is_a_greeting_and_no_agreement() -> None:
    """Nothing was asked yet."""
    said = [Utterance(Speaker.AGENT, TALKER.opening()), Utterance(Speaker.CALLEE, "Yes?")]
    assert _extraction(said).outcome == "NO_DECISION"


def test_silence_is_asked_about_once_and_then_ends_the_call() -> None:
    """The agent does not talk to an empty line for ever."""
    talk, kept = _talk(PERSONAS["9010"])
    assert [turn.text for turn in kept.turns[1:]] == [STILL_THERE, NOBODY_THERE]
    assert talk == Talk("silence", heard_anything=False)


def test_the_limit_ends_a_conversation_that_takes_too_long() -> None:
    """Measured in the conversation's own time, at whatever speed it runs."""
    talk, kept = _talk(PERSONAS["9014"], max_seconds=30)
    assert talk.ended_by == "limit"
    assert 4 <= len(kept.turns) < 15


def test_a_failing_model_apologises_and_ends() -> None:
    """What it had said is kept, the fixed words follow, and the reason is told."""
    kept = Kept()
    transcript = Transcript(kept)
    talk = asyncio.run(hold(Failing(), Callee(PERSONAS["9001"]), transcript, pace=0, max_seconds=900))
    assert talk == Talk("error", heard_anything=True, error="the model is gone")
    assert [turn.text for turn in kept.turns[-2:]] == ["Well,", APOLOGY]


@pytest.mark.parametrize("last", ["0000", "9001", "9005", "9006", "9007", "9010", "9014"])
def test_a_conversation_cut_after_any_turn_goes_on_to_the_same_transcript(last: str) -> None:
    """Another process that knows only the stored turns says neither more nor less."""
    persona = persona_of(f"+1555000{last}")
    whole = _talk(persona)[1].turns
    for kept_turns in range(len(whole) + 1):
        assert _talk(persona, whole[:kept_turns])[1].turns == whole


def test_words_said_while_hanging_up_are_not_answered_after_a_crash() -> None:
    """The callee's hanging up is known from the turn itself."""
    persona = Persona("rude", "", (Fate.ANSWER,), 1, (CalleeReply("No! Bye.", hangs_up=True),))
    whole = _talk(persona)[1].turns
    talk, kept = _talk(persona, whole)
    assert (talk.ended_by, kept.turns) == ("callee", whole)


def test_full_speed_does_not_sleep() -> None:
    """Nor does it at any speed beyond."""
    assert (pace_of(1_000), pace_of(50_000)) == (0, 0)
    began = time.monotonic()
    _talk(PERSONAS["9014"])
    assert time.monotonic() - began < 0.5


def test_at_a_pace_talking_takes_its_time() -> None:
    """The same seconds that the conversation's own clock counts, divided by the speed."""
    began = time.monotonic()
    transcript = Transcript(Kept())
    asyncio.run(hold(TALKER, Callee(PERSONAS["9001"]), transcript, pace=pace_of(100), max_seconds=900))
    letters = sum(len(turn.text) for turn in transcript.said)
    assert letters / 6 * 0.35 / 100 < time.monotonic() - began < 2


def test_an_interrupted_turn_is_cut_to_what_was_heard() -> None:
    """Here and in the store; words that were never part of the turn change nothing."""

    async def interrupted() -> tuple[Sequence[Utterance], list[Utterance]]:
        kept = Kept()
        transcript = Transcript(kept)
        await transcript.add(Speaker.AGENT, "We have Tuesday at ten or Friday at four.")
        await transcript.interrupt("We have Tuesday at ten")
        await transcript.interrupt("something else")
        return transcript.said, kept.turns

    said, kept = asyncio.run(interrupted())
    assert list(said) == kept == [Utterance(Speaker.AGENT, "We have Tuesday at ten")]


@pytest.mark.parametrize(
    ("text", "time_said"),
    [
        ("Monday is fine", "Monday"),
        ("tomorrow morning at 9:30 am", "tomorrow morning at 9:30 am"),
        ("next Friday afternoon", "next Friday afternoon"),
        ("call me today", "today"),
        ("I am one of them", None),
    ],
)
def test_a_named_time_is_found(text: str, time_said: str | None) -> None:
    """A day, with its hour and part of the day."""
    assert time_named(text) == time_said
