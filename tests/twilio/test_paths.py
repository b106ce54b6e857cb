"""What can become of a call on a real phone: machines, cancelling, transfers, silence, recordings."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from outdial.links import Links
from outdial.media.store import MediaStore
from outdial.models import Agent, Attempt, Call, Progress
from outdial.models.base import utc_now
from outdial.store import do_not_call
from outdial.store.database import Database
from tests import running
from tests.build import an_agent
from tests.databases import MakeDatabase
from tests.twilio.world import World, world
from twilio_emulator.calls import EmulatedCall

COLLEAGUE = "+12025550177"
MESSAGE = "Hello {{first_name}}, please call Lakeside Dental."
ASKS_FOR_PERSON = "+12025559015"
SILENT = "+12025559010"
# Seconds of Twilio's time: a slow machine, too, cancels a call before nobody has answered it.
RING_TIMEOUT = 240
# Twilio's magic numbers for test credentials.
NOT_A_NUMBER, UNREACHABLE, NO_PERMISSION = "+15005550001", "+15005550002", "+15005550003"


@dataclass(frozen=True)
class Told:
    """What became of one call: on our side, and at Twilio."""

    call: Call
    attempts: list[Attempt]
    made: list[EmulatedCall]
    said: list[str]


Scenario = Callable[[World, dict[str, Agent]], Awaitable[Call]]


def _calls(number: str, agent: str = "plain", **given: Any) -> Scenario:
    async def run(at: World, agents: dict[str, Agent]) -> Call:
        at_agent = agents[agent]
        version = await asyncio.to_thread(_version, at, at_agent)
        return await at.outdial.call(number, agent_id=at_agent.id, agent_version_id=version, **given)

    return run


def _cancels(number: str, during: Progress) -> Scenario:
    async def run(at: World, agents: dict[str, Agent]) -> Call:
        call = await at.outdial.place(number)
        await at.outdial.until(call, during)
        await at.outdial.workflow(call).signal("cancel")
        return await at.outdial.ended(call)

    return run


SCENARIOS: dict[str, Scenario] = {
    "a machine": _calls(running.VOICEMAIL),
    "a machine that takes a message": _calls("+12125559004", "leaves a message"),
    "cancelled while it rings": _cancels("+12125559003", Progress.RINGING),
    "cancelled while they talk": _cancels("+12125559014", Progress.TALKING),
    "busy": _calls("+12125559002"),
    "no answer": _calls("+12135559003"),
    "silent": _calls(SILENT),
    "asks for a person": _calls(ASKS_FOR_PERSON, "transfers"),
    "opts out": _calls(running.OPTS_OUT),
    "recorded": _calls("+12025550141"),
    "not recorded": _calls("+12025550142", recording_enabled=False),
    "not a number": _calls(NOT_A_NUMBER),
    "unreachable": _calls(UNREACHABLE),
    "no permission": _calls(NO_PERMISSION),
    "an unknown caller id": _calls("+12025550143", caller_id="+12025550100"),
}


async def _run(at: World) -> dict[str, Any]:
    agents = await asyncio.to_thread(_agents, at)
    calls = await asyncio.gather(*(scenario(at, agents) for scenario in SCENARIOS.values()))
    told = {name: _told(at, call) for name, call in zip(SCENARIOS, calls, strict=True)}
    return {
        "told": told,
        "recording": await _recording(at, told["recorded"].call),
        "requests": at.twilio.requests,
    }


def _agents(at: World) -> dict[str, Agent]:
    with at.outdial.database.write() as session:
        account = at.outdial.account
        leaves = {"on_voicemail": "leave_message", "voicemail_message": MESSAGE}
        return {
            "plain": at.outdial.agent,
            "leaves a message": an_agent(session, account, **leaves),
            "transfers": an_agent(session, account, transfer_number=COLLEAGUE, voice="en-US-Journey-O"),
        }


def _version(at: World, agent: Agent) -> str:
    from tests.build import version_of

    with at.outdial.database.read() as session:
        return version_of(session, agent).id


async def _recording(at: World, call: Call) -> httpx.Response:
    path = Links(at.outdial.settings).recording_url(call.id, utc_now())
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        answer = await http.get(path)
        for _ in range(50):
            if answer.is_success:
                break
            await asyncio.sleep(0.1)
            answer = await http.get(path)
        return answer


def _told(at: World, call: Call) -> Told:
    return Told(call, at.outdial.attempts(call), at.made(call), at.outdial.said(call))


@pytest.fixture(scope="module")
def found(temporal: str, make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All those calls, placed at once and seen to their end, with people twenty times as fast as life."""
    folder = tmp_path_factory.mktemp("paths")

    async def run(database: Database) -> dict[str, Any]:
        async with world(
            temporal, database, folder, speed=20, ring_timeout=RING_TIMEOUT, initial_silence_timeout=1
        ) as at:
            return {**await _run(at), "at": at, "folder": folder}

    with make_database(folder) as database:
        yield asyncio.run(run(database))


@pytest.fixture(scope="module")
def told(found: dict[str, Any]) -> dict[str, Told]:
    return found["told"]


@pytest.mark.parametrize(
    ("name", "status", "disposition"),
    [
        ("a machine", "failed", "voicemail"),
        ("a machine that takes a message", "completed", "voicemail"),
        ("cancelled while it rings", "canceled", "canceled"),
        ("cancelled while they talk", "canceled", "answered"),
        ("busy", "failed", "busy"),
        ("no answer", "failed", "no_answer"),
        ("silent", "completed", "answered"),
        ("asks for a person", "completed", "answered"),
        ("opts out", "completed", "answered"),
        ("not a number", "failed", "invalid_number"),
        ("unreachable", "failed", "invalid_number"),
        ("no permission", "failed", "failed"),
        ("an unknown caller id", "failed", "failed"),
    ],
)
def test_a_call_ends_as_it_should(told: dict[str, Told], name: str, status: str, disposition: str) -> None:
    """Every fate at the carrier has its status and its disposition."""
    assert (told[name].call.status, told[name].call.disposition) == (status, disposition)


def test_a_machine_is_hung_up_on_at_once(told: dict[str, Told]) -> None:
    """Detected in its greeting, which is not waited for."""
    [made] = told["a machine"].made
    assert (made.answered_by, made.spoken) == ("machine_start", [])


def test_a_message_is_spoken_after_the_beep(told: dict[str, Told]) -> None:
    """Twilio speaks it, and the transcript has it."""
    found = told["a machine that takes a message"]
    [made] = found.made
    assert (made.answered_by, made.spoken) == (
        "machine_end_beep",
        ["Hello Ada, please call Lakeside Dental."],
    )
    assert found.said[-1] == "agent: Hello Ada, please call Lakeside Dental."


def test_cancelling_hangs_up(told: dict[str, Told]) -> None:
    """The phone stops ringing, a conversation is cut."""
    assert [made.status for made in told["cancelled while it rings"].made] == ["canceled"]
    assert [made.status for made in told["cancelled while they talk"].made] == ["completed"]


def test_whoever_says_nothing_is_asked_and_then_left(told: dict[str, Told]) -> None:
    """The agent asks once whether somebody is there."""
    assert [line.split(":")[0] for line in told["silent"].said] == ["agent"] * 3
    assert told["silent"].attempts[0].ended_by == "silence"


def test_a_person_is_put_through(told: dict[str, Told]) -> None:
    """The agent says so, and Twilio dials the colleague."""
    found = told["asks for a person"]
    assert [made.dialled for made in found.made] == [[COLLEAGUE]]
    assert found.attempts[0].ended_by == "transfer"


def test_whoever_opts_out_is_on_the_list_at_once(told: dict[str, Told], found: dict[str, Any]) -> None:
    """Before anything is read out of the transcript."""
    call = told["opts out"].call
    with found["at"].outdial.database.read() as session:
        assert do_not_call.is_listed(session, call.account_id, call.number, utc_now())


def test_a_recording_is_fetched_and_served_without_a_key(found: dict[str, Any]) -> None:
    """By an address that expires; kept in the media store from then on."""
    assert found["recording"].status_code == 200
    assert found["recording"].content.startswith(b"ID3")
    [attempt] = found["told"]["recorded"].attempts
    assert MediaStore(found["at"].outdial.settings).has(attempt.recording)


def test_nothing_is_recorded_where_that_was_not_wanted(told: dict[str, Told]) -> None:
    """Twilio was not asked to."""
    assert [made.recording_sid for made in told["not recorded"].made] == [None]


def test_an_error_says_what_it_means(told: dict[str, Told]) -> None:
    """Twilio's code is kept, with words."""
    [attempt] = told["no permission"].attempts
    assert attempt.error_code == "21215"
    assert attempt.error_message == "the Twilio account may not call that country (Twilio error 21215)"


def test_latency_is_kept_with_every_answer(told: dict[str, Told], found: dict[str, Any]) -> None:
    """From the callee's last word to the first of the agent's; none for the opening line."""
    from outdial.store import calls

    with found["at"].outdial.database.read() as session:
        measured = calls.latencies_of(session, told["recorded"].call)
    assert measured[0] is None
    assert any(each is not None for each in measured)


def test_twilio_is_asked_for_what_the_call_wants(found: dict[str, Any]) -> None:
    """Ring time, longest duration, machine detection beside the talk, callbacks that carry the attempt."""
    call = found["told"]["recorded"].call
    [asked] = [form for form in found["requests"] if form["To"] == [call.number]]
    assert asked["Timeout"] == [str(RING_TIMEOUT)]
    assert asked["TimeLimit"] == ["900"]
    assert asked["AsyncAmd"] == ["true"]
    assert asked["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"]
    assert f"/{call.id}/1/status" in asked["StatusCallback"][0]
