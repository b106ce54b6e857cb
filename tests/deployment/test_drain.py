"""SIGTERM: what was begun may end for a while, what takes longer is handed over, and nothing new is taken."""

import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from temporalio.api.history.v1 import ActivityTaskStartedEventAttributes
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect

from outdial.carriers.twilio.addresses import Addresses
from outdial.carriers.twilio.signatures import relay_token
from outdial.models import Call
from tests.build import an_attempt
from tests.running import BOOKS, Running
from tests.system.marks import ON_SQLITE
from tests.system.stand import Stand, standing, until
from tests.system.whole import assert_whole
from tests.temporal_server import wait_until_open
from workflows import names

pytestmark = pytest.mark.anyio

AUTH_TOKEN = "0" * 32


@pytest.mark.slow
@ON_SQLITE
async def test_a_talk_that_outlasts_the_drain_goes_on_at_another_worker(
    tmp_path: Path, database_url: str
) -> None:
    """It is handed over at once, not when it is missed; no word is lost or said twice, nobody is dialled twice."""
    async with standing(tmp_path, database_url, drain=1, simulated_speed=4) as stand:
        stand.worker.start()
        call = await amid_a_talk(stand)
        stand.worker.signal(signal.SIGTERM)
        assert await asyncio.to_thread(stand.worker.wait) == 0
        said_by_then = len(stand.seen.said(call))
        stand.worker.start()
        await stand.ended([call])
        assert said_by_then < len(stand.seen.said(call))
        assert_whole(stand, call, "handed over")
        talk = await started(stand.seen, call, names.CONVERSE)
        assert talk.attempt == 2
        assert not talk.last_failure.HasField("timeout_failure_info")


@pytest.mark.slow
@ON_SQLITE
async def test_a_talk_that_ends_within_the_drain_is_finished_where_it_was_begun(
    tmp_path: Path, database_url: str
) -> None:
    """What follows it is another worker's."""
    async with standing(tmp_path, database_url, drain=60) as stand:
        stand.worker.start()
        call = await amid_a_talk(stand)
        stand.worker.signal(signal.SIGTERM)
        assert await asyncio.to_thread(stand.worker.wait) == 0
        assert stand.seen.said(call)[-1].endswith("goodbye.")
        stand.worker.start()
        await stand.ended([call])
        assert_whole(stand, call, "finished")
        assert (await started(stand.seen, call, names.CONVERSE)).attempt == 1


async def amid_a_talk(stand: Stand) -> Call:
    """A call whose callee has said something."""
    call = await stand.place(BOOKS)
    await until(lambda: len(stand.seen.said(call)) > 1, "somebody talks")
    return call


async def started(seen: Running, call: Call, activity: str) -> ActivityTaskStartedEventAttributes:
    """How the call's activity of that name was last begun."""
    history = await seen.workflow(call).fetch_history()
    scheduled = {
        event.event_id
        for event in history.events
        if event.activity_task_scheduled_event_attributes.activity_type.name == activity
    }
    begun = (event.activity_task_started_event_attributes for event in history.events)
    return next(each for each in begun if each.scheduled_event_id in scheduled)


@ON_SQLITE
async def test_an_api_ends_its_requests_first_and_its_talks_after_that(
    tmp_path: Path, database_url: str
) -> None:
    """Whoever comes anew is not let in; a phone conversation at its socket goes on and ends as it would have."""
    twilio = {"carrier": "twilio", "twilio_account_sid": "AC" + "0" * 32, "twilio_auth_token": AUTH_TOKEN}
    async with standing(tmp_path, database_url, drain=60, **twilio) as stand, talking(stand) as phone:
        with httpx.Client(base_url=stand.seen.settings.base_url, trust_env=False, timeout=30) as kept:
            assert await asyncio.to_thread(is_open, kept)
            stand.api.signal(signal.SIGTERM)
            await until(lambda: not is_open(kept), "the doors are closed")
        await say(phone, "Hello? Yes, speaking.")
        assert "arrange" in await heard(phone)
        assert stand.api.alive
        await phone.close()
        await asyncio.to_thread(stand.api.wait)


def is_open(client: httpx.Client) -> bool:
    """Whether anybody answers, on the connection that is there or on a new one."""
    try:
        return client.get("/healthz").is_success
    except httpx.HTTPError:
        return False


@asynccontextmanager
async def talking(stand: Stand) -> AsyncGenerator[ClientConnection]:
    """The carrier's end of a conversation that has begun."""
    key = await asyncio.to_thread(an_answered_attempt, stand)
    stand.api.start()
    await asyncio.to_thread(wait_until_open, stand.seen.settings.api_port, 60)
    settings = stand.seen.settings
    url = Addresses.of(settings, key).relay(relay_token(settings, key))
    signature = RequestValidator(AUTH_TOKEN).compute_signature(url, {})  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    async with connect(url, additional_headers={"X-Twilio-Signature": str(signature)}, proxy=None) as phone:
        await phone.send(json.dumps({"type": "setup", "callSid": "CA" + "0" * 32}))
        assert "Lakeside" in await heard(phone)
        yield phone


def an_answered_attempt(stand: Stand) -> str:
    """The dial key of an attempt that a person has answered at Twilio."""
    call = stand.record(BOOKS)
    with stand.seen.database.write() as session:
        return an_attempt(session, call, carrier="twilio").dial_key


async def say(phone: ClientConnection, text: str) -> None:
    await phone.send(json.dumps({"type": "prompt", "voicePrompt": text, "lang": "en-US", "last": True}))


async def heard(phone: ClientConnection) -> str:
    """What the agent says until it is the callee's turn."""
    words = ""
    async with asyncio.timeout(30):
        while True:
            frame = json.loads(await phone.recv())
            words += frame.get("token", "")
            if frame.get("last"):
                return words
