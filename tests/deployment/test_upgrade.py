"""A deployment of the next version under calls that the version before has begun."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from outdial.models import Call
from outdial.models.base import utc_now
from tests.deployment.next_version import PATCH, Careless, Patched
from tests.replay.histories import FOLDER, read
from tests.running import BOOKS
from tests.system.marks import ON_SQLITE
from tests.system.processes import Process, python
from tests.system.stand import Stand, standing, until
from tests.system.whole import assert_whole
from worker import RUNNER
from workflows.messages import Reschedule

pytestmark = pytest.mark.anyio


@pytest.mark.slow
@ON_SQLITE
async def test_calls_of_one_version_end_under_the_next(tmp_path: Path, database_url: str) -> None:
    """Those that have dialled go on as they began, those that still wait take the new way; all end as they should."""
    async with standing(tmp_path, database_url, drain=0) as stand:
        stand.worker.start()
        calls = await calls_in_every_phase(stand)
        await asyncio.to_thread(stand.worker.stop)
        upgraded = Process(
            python("tests.deployment.next_version"), stand.worker.environment, tmp_path / "next.log"
        )
        upgraded.start()
        try:
            calls["begun after"] = await stand.place(BOOKS)
            await stand.seen.workflow(calls["waiting"]).signal("reschedule", Reschedule(utc_now()))
            await stand.ended(list(calls.values()))
        finally:
            await asyncio.to_thread(upgraded.stop)
        for phase, call in calls.items():
            assert_whole(stand, call, phase)
        new_way = {phase: await took_the_new_way(stand, call) for phase, call in calls.items()}
        assert new_way == {"talking": False, "ringing": False, "waiting": True, "begun after": True}


async def calls_in_every_phase(stand: Stand) -> dict[str, Call]:
    """One that talks, one that rings, one that is due in three weeks."""
    talking = await stand.place(BOOKS)
    await until(lambda: bool(stand.seen.said(talking)), "somebody talks")
    waiting = await stand.place(BOOKS, due_at=utc_now() + timedelta(days=21))
    ringing = await stand.place(BOOKS)
    await stand.seen.until(ringing, "ringing")
    return {"talking": talking, "ringing": ringing, "waiting": waiting}


async def took_the_new_way(stand: Stand, call: Call) -> bool:
    """Whether the patch's marker is in its history."""
    history = await stand.seen.workflow(call).fetch_history()
    return any(PATCH in str(event.marker_recorded_event_attributes) for event in history.events)


async def test_a_change_without_a_patch_is_noticed_by_the_replay() -> None:
    """What CI replays would not fit; with the patch it does."""
    history = read(FOLDER / "v1" / "answered.json")
    with pytest.raises(NondeterminismError):
        await Replayer(workflows=[Careless], workflow_runner=RUNNER).replay_workflow(history)
    await Replayer(workflows=[Patched], workflow_runner=RUNNER).replay_workflow(history)
