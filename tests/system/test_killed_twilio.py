"""`kill -9` of worker and API while Twilio dials: at most one call an attempt there, and an end to each of ours."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from outdial.models import Call
from outdial.vocabulary import CallStatus, Disposition, Progress
from tests.system.marks import ON_SQLITE
from tests.system.stand import Stand, standing, until
from tests.system.test_killed_worker import POINTS
from tests.temporal_server import HOST, free_port, wait_until_open
from tests.twilio.world import ACCOUNT_SID, AUTH_TOKEN, NUMBER, serving
from twilio_emulator.emulator import Emulator
from twilio_emulator.rest import create_app

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

RETRY = {"intervals": [0, 0]}


@dataclass
class Phones:
    """The processes of ours, and the emulated Twilio that outlives them."""

    stand: Stand
    twilio: Emulator

    def assert_dialled_once_an_attempt(self, call: Call, point: str) -> None:
        """Twilio made one call for each attempt that reached it; the call completed."""
        row, attempts = self.stand.seen.row(call), self.stand.seen.attempts(call)
        reached = [each for each in attempts if each.disposition is not Disposition.NOT_PLACED]
        assert (row.status, row.outcome) == (CallStatus.COMPLETED, "BOOKED"), point
        assert len(self.twilio.calls_to(call.number)) == len(reached), point
        assert len({each.carrier_call_id for each in reached}) == len(reached), point


@asynccontextmanager
async def phones(folder: Path, database_url: str) -> AsyncGenerator[Phones]:
    """Outdial as processes, dialling through an emulated Twilio whose people are eight times as fast as life."""
    twilio = Emulator(ACCOUNT_SID, AUTH_TOKEN, (NUMBER,), speed=8)
    twilio_port, api_port = free_port(), free_port()
    with serving(create_app(twilio), twilio_port) as url:
        async with standing(
            folder,
            database_url,
            api_port=api_port,
            public_url=f"http://{HOST}:{api_port}",
            carrier="twilio",
            twilio_account_sid=ACCOUNT_SID,
            twilio_auth_token=AUTH_TOKEN,
            twilio_api_url=url,
            twilio_timeout=2,
            twilio_settle=1,
            calls_per_second=100,
            ring_timeout=20,
            silence_grace=2,
            talk_lost_after=4,
        ) as stand:
            stand.api.start()
            wait_until_open(api_port)
            yield Phones(stand, twilio)


@ON_SQLITE
async def test_no_phone_rings_twice_though_the_worker_is_killed_at_every_phase(
    tmp_path: Path, database_url: str
) -> None:
    """One call at each point of its life, one kill, another worker."""
    async with phones(tmp_path, database_url) as at:
        stand = at.stand
        calls = {
            point: stand.record(f"+1202555{300 + index:04}", retry=RETRY)
            for index, point in enumerate(POINTS)
        }
        stand.stalls.write({call.id: point for point, call in calls.items()})
        stand.stalling.start()
        await stand.start(list(calls.values()))
        await stand.standing(list(calls.values()))
        stand.stalling.kill()
        stand.worker.start()
        await stand.ended(list(calls.values()))
        for point, call in calls.items():
            at.assert_dialled_once_an_attempt(call, point)


@ON_SQLITE
async def test_a_conversation_that_dies_with_the_api_has_failed_and_is_retried(
    tmp_path: Path, database_url: str
) -> None:
    """Killed while one phone rings and another person talks: both are called again, by another attempt."""
    async with phones(tmp_path, database_url) as at:
        stand = at.stand
        stand.worker.start()
        talking = await stand.place("+12025550301", retry=RETRY)
        await until(lambda: bool(stand.seen.said(talking)), "somebody talks")
        ringing = await stand.place("+12025550302", retry=RETRY)
        await stand.seen.until(ringing, Progress.RINGING)
        stand.api.kill()
        await until(lambda: not stand.api.alive, "the API is gone")
        stand.api.start()
        await stand.ended([talking, ringing])
        for call, point in ((talking, "talking"), (ringing, "ringing")):
            at.assert_dialled_once_an_attempt(call, point)
        assert stand.seen.attempts(talking)[0].disposition is Disposition.FAILED
