"""Twilio can't be reached for a while: nobody's call fails for it, and nobody's retry is used up."""

import asyncio
from pathlib import Path

import pytest

from outdial.store.database import Database
from tests.twilio.world import world

pytestmark = pytest.mark.anyio

CALLS = 3
AWAY = 2.5
NUMBERS = [f"+1202555{300 + index:04}" for index in range(CALLS)]


async def test_calls_wait_for_a_carrier_that_is_away(
    temporal: str, some_database: Database, tmp_path: Path
) -> None:
    """Each is dialled once it is back; the attempts before are told as never placed."""
    async with world(temporal, some_database, tmp_path, away=AWAY) as at:
        calls = await asyncio.gather(*map(at.outdial.call, NUMBERS))
        for call in calls:
            dispositions = [str(attempt.disposition) for attempt in at.outdial.attempts(call)]
            assert (call.status, call.retries_used) == ("completed", 0)
            assert len(dispositions) > 1
            assert dispositions == ["not_placed"] * (len(dispositions) - 1) + ["answered"]
            assert len(at.made(call)) == 1
