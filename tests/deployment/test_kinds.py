"""Workers that do only some kinds of work, and together all of it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from outdial.settings import Settings
from outdial.store.database import Database
from tests.running import BOOKS, running
from tests.temporal_server import dev_server
from worker import Kind, make_parts, utc_clock, work, working

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def temporal() -> Iterator[str]:
    with dev_server() as address:
        yield address


async def test_nothing_is_dialled_before_somebody_dials(temporal: str, sqlite: Database) -> None:
    """Workers of calls leave that to those of dialling, and the call waits for one."""
    async with running(temporal, sqlite, kinds=[Kind.CALLS]) as calls:
        call = await calls.place(BOOKS)
        await calls.workflow(call).query("state")  # its first task is done
        assert calls.attempts(call) == []
        parts = make_parts(calls.settings, sqlite, calls.client, utc_clock)
        async with working(parts, calls.client, [Kind.DIALLING]):
            assert (await calls.ended(call)).outcome == "BOOKED"


async def test_workers_of_calls_dial_where_dialling_is_not_apart(temporal: str, sqlite: Database) -> None:
    """As a call asks for it that was started so."""
    async with running(temporal, sqlite, kinds=[Kind.CALLS], dialling_apart=False) as calls:
        assert (await calls.call(BOOKS)).outcome == "BOOKED"


async def test_the_setting_may_change_under_calls_that_wait(temporal: str, sqlite: Database) -> None:
    """Each call stays with the queue that it was started with."""
    async with running(temporal, sqlite, kinds=[], dialling_apart=False) as before:
        call = await before.place(BOOKS)
    async with running(temporal, sqlite) as after:
        assert (await after.ended(call)).outcome == "BOOKED"


async def test_a_worker_shows_that_it_is_alive(temporal: str, sqlite: Database, tmp_path: Path) -> None:
    """By a file, for whoever supervises it."""
    file, stop = tmp_path / "alive", asyncio.Event()
    given = {"temporal_address": temporal, "database_url": str(sqlite.engine.url), "data": tmp_path}
    settings = Settings.model_validate({**given, "worker_alive_file": file})
    at_work = asyncio.create_task(work(settings, stop))
    async with asyncio.timeout(30):
        while not file.exists():
            await asyncio.sleep(0.05)
    stop.set()
    await at_work
