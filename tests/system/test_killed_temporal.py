"""`kill -9` of the Temporal server at each phase of a call: it comes back from its file, and calls go on."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from outdial.models import Call
from outdial.models.base import utc_now
from tests.running import BOOKS
from tests.system.marks import ON_SQLITE
from tests.system.stand import Stand, standing, until
from tests.system.whole import assert_whole

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

POINTS = (
    "before dial",
    "before carrier",
    "after carrier",
    "after converse",
    "after conclude",
    "before extract",
    "before finish",
    "before webhooks",
)
# How long the server is away, in seconds; activities end meanwhile and can tell nobody.
AWAY = 2


@ON_SQLITE
async def test_calls_survive_a_killed_temporal_at_every_phase(tmp_path: Path, database_url: str) -> None:
    """The worker stays, and what it did while the server was away is neither lost nor done twice."""
    async with standing(tmp_path, database_url) as stand:
        calls = await _calls_at_every_point(stand)
        stand.temporal.kill()
        stand.stalls.release()
        await asyncio.sleep(AWAY)
        stand.temporal.start()
        await stand.ended(list(calls.values()))
        for point, call in calls.items():
            assert_whole(stand, call, point)
        assert stand.stalling.alive


async def _calls_at_every_point(stand: Stand) -> dict[str, Call]:
    calls = {point: stand.record(BOOKS) for point in POINTS}
    stand.stalls.write({call.id: point for point, call in calls.items()})
    stand.stalling.start()
    await stand.start(list(calls.values()))
    await stand.standing(list(calls.values()))
    calls["waiting"] = await stand.place(BOOKS, due_at=utc_now() + timedelta(seconds=5))
    calls["talking"] = await stand.place(BOOKS)
    await until(lambda: bool(stand.seen.said(calls["talking"])), "somebody talks")
    calls["ringing"] = await stand.place(BOOKS)
    await stand.seen.until(calls["ringing"], "ringing")
    return calls
