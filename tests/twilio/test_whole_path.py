"""Calls from beginning to end by the emulated Twilio: real client, real callbacks, real sockets."""

from pathlib import Path

import pytest

from outdial.models import CallStatus, Disposition
from outdial.store.database import Database
from tests import running
from tests.twilio.world import NUMBER, world

pytestmark = pytest.mark.anyio


async def test_a_person_who_answers_is_talked_to_and_understood(
    temporal: str, database: Database, tmp_path: Path
) -> None:
    """Dialled over HTTP, told of by callbacks, talked to at the socket, understood and reported."""
    async with world(temporal, database, tmp_path) as at:
        call = await at.outdial.call(running.BOOKS)
        assert (call.status, call.disposition, call.outcome) == (
            CallStatus.COMPLETED,
            Disposition.ANSWERED,
            "BOOKED",
        )
        assert at.outdial.said(call)[0] == "agent: Hello Ada, this is Lakeside Dental."
        [made] = at.made(call)
        [attempt] = at.outdial.attempts(call)
        assert attempt.carrier_call_id == made.sid
        assert attempt.caller_id == NUMBER
        assert [line.partition(":")[0] for line in made.said][:2] == ["agent", "callee"]
