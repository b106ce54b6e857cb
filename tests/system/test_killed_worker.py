"""`kill -9` of the worker at each phase of a call: the call completes, and is dialled once an attempt."""

from datetime import timedelta
from pathlib import Path

import pytest

from outdial.models import Call
from outdial.models.base import utc_now
from outdial.vocabulary import Progress
from tests.running import BOOKS
from tests.system.marks import ON_SQLITE
from tests.system.stand import Stand, standing, until
from tests.system.whole import assert_whole

pytestmark = pytest.mark.anyio

# Where an activity had not begun, or had done its work and could not say so, and the instants within it.
POINTS = (
    "before dial",
    "before carrier",
    "after carrier",
    "after dial",
    "before converse",
    "after converse",
    "before conclude",
    "after conclude",
    "before extract",
    "after extract",
    "before finish",
    "before webhooks",
    "after finish",
)


@ON_SQLITE
async def test_calls_survive_a_killed_worker_at_every_phase(tmp_path: Path, database_url: str) -> None:
    """One call at each point of its life, one kill, another worker: all complete as if nothing had happened."""
    async with standing(tmp_path, database_url) as stand:
        calls = await _calls_at_every_point(stand)
        assert stand.seen.row(calls["waiting"]).progress == Progress.WAITING
        stand.stalling.kill()
        stand.worker.start()
        await stand.ended(list(calls.values()))
        for point, call in calls.items():
            assert_whole(stand, call, point)


async def _calls_at_every_point(stand: Stand) -> dict[str, Call]:
    """Calls by where they are: at each point, and in the phases that last by themselves."""
    calls = {point: stand.record(BOOKS) for point in POINTS}
    stand.stalls.write({call.id: point for point, call in calls.items()})
    stand.stalling.start()
    await stand.start([calls[point] for point in POINTS])
    await stand.standing([calls[point] for point in POINTS])
    calls["waiting"] = await stand.place(BOOKS, due_at=utc_now() + timedelta(seconds=5))
    calls["talking"] = await stand.place(BOOKS)
    await until(lambda: bool(stand.seen.said(calls["talking"])), "somebody talks")
    calls["ringing"] = await stand.place(BOOKS)
    await stand.seen.until(calls["ringing"], "ringing")
    return calls
