"""Everything that can go wrong between Twilio and us: at most one dial an attempt, and an end to every call."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from outdial.models import Attempt, Call
from outdial.store.database import Database
from tests.databases import MakeDatabase
from tests.twilio.world import World, world
from twilio_emulator.calls import EmulatedCall
from twilio_emulator.faults import Fault

RETRY_ONCE = {"intervals": [0]}


@dataclass(frozen=True)
class Told:
    """What became of one call: on our side, and at Twilio."""

    call: Call
    attempts: list[Attempt]
    made: list[EmulatedCall]
    said: list[str]
    events: list[str]


@dataclass(frozen=True)
class Expected:
    """How a call ends, with how many attempts, of which how many reached Twilio."""

    fault: Mapping[str, str]
    status: str = "completed"
    dispositions: tuple[str, ...] = ("answered",)
    made: int = 1


FAULTS = {
    "429": Expected({"request": "too_many"}, dispositions=("not_placed", "answered")),
    "500 before dialling": Expected({"request": "error_before"}, dispositions=("not_placed", "answered")),
    "500 after dialling": Expected({"request": "error_after"}),
    "cut before dialling": Expected({"request": "cut_before"}, dispositions=("not_placed", "answered")),
    "cut after dialling": Expected({"request": "cut_after"}),
    "answered too late": Expected({"request": "slow"}),
    "queued for an hour": Expected({"request": "queued"}, dispositions=("not_placed", "answered"), made=2),
    "no callback at all": Expected({"callbacks": "none"}),
    "the last callback is lost": Expected({"callbacks": "no_end"}),
    "every callback twice": Expected({"callbacks": "twice"}),
    "callbacks in reverse": Expected({"callbacks": "reversed"}),
    "callbacks before the answer": Expected({"callbacks": "early"}),
    "callbacks that are not Twilio's": Expected({"callbacks": "unsigned"}),
    "cut, and no callback": Expected({"request": "cut_after", "callbacks": "none"}),
    "500, and callbacks in reverse": Expected({"request": "error_after", "callbacks": "reversed"}),
    "cut, and callbacks first": Expected({"request": "cut_after", "callbacks": "early"}),
    "the socket is dropped": Expected({"socket": "dropped"}, dispositions=("failed", "answered"), made=2),
    "a second socket for the same call": Expected({"socket": "twice"}),
    "the callee breaks in": Expected({"socket": "interrupted"}),
    "keys instead of words": Expected({"socket": "keys"}),
}
NUMBERS = {name: f"+1202555{200 + index:04}" for index, name in enumerate(FAULTS)}


async def _see_to_their_end(at: World) -> dict[str, Told]:
    for name, expected in FAULTS.items():
        at.twilio.faults_by_number[NUMBERS[name]] = Fault.model_validate(expected.fault)
    placed = {name: await at.outdial.place(NUMBERS[name], retry=RETRY_ONCE) for name in FAULTS}
    calls = await asyncio.gather(*map(at.outdial.ended, placed.values()))
    return {name: _told(at, call) for name, call in zip(placed, calls, strict=True)}


def _told(at: World, call: Call) -> Told:
    outdial = at.outdial
    return Told(call, outdial.attempts(call), at.made(call), outdial.said(call), outdial.events(call))


@pytest.fixture(scope="module")
def told(
    temporal: str, make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Told]:
    """All those calls, placed at once and seen to their end."""
    folder = tmp_path_factory.mktemp("faults")

    async def run(database: Database) -> dict[str, Told]:
        async with world(temporal, database, folder) as at:
            return await _see_to_their_end(at)

    with make_database(folder) as database:
        return asyncio.run(run(database))


@pytest.mark.parametrize("name", FAULTS)
def test_a_call_comes_to_its_end(told: dict[str, Told], name: str) -> None:
    """Whatever goes wrong, the call ends as it should, and what can be retried is."""
    expected, found = FAULTS[name], told[name]
    assert found.call.status == expected.status
    assert tuple(str(attempt.disposition) for attempt in found.attempts) == expected.dispositions


@pytest.mark.parametrize("name", FAULTS)
def test_nobody_is_dialled_twice_by_one_attempt(told: dict[str, Told], name: str) -> None:
    """Twilio made as many calls as there were attempts that reached it, each claimed by its own."""
    expected, found = FAULTS[name], told[name]
    assert len(found.made) == expected.made
    claimed = [attempt.carrier_call_id for attempt in found.attempts if attempt.carrier_call_id]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= {made.sid for made in found.made}


def test_what_happens_is_told_once(told: dict[str, Told]) -> None:
    """Repeated and disordered callbacks leave one line each on the timeline, in order."""
    for name in ("every callback twice", "callbacks in reverse"):
        events = [event for event in told[name].events if event in ("attempt.answered", "attempt.ended")]
        assert events == ["attempt.answered", "attempt.ended"]


def test_what_was_not_heard_is_not_in_the_transcript(told: dict[str, Told]) -> None:
    """The callee broke into the agent's second turn: our transcript has of it what Twilio's callee heard."""
    found = told["the callee breaks in"]
    [made] = found.made
    assert found.said == made.said
    assert "callee: Sorry, wait. Who is this?" in found.said


def test_keys_are_heard(told: dict[str, Told]) -> None:
    """Pressed keys reach the agent as one turn."""
    assert "callee: [Pressed 12 on the keypad.]" in told["keys instead of words"].said


def test_a_call_has_one_conversation(told: dict[str, Told]) -> None:
    """The second socket was turned away, and the first went on undisturbed."""
    assert told["a second socket for the same call"].call.outcome == "BOOKED"
