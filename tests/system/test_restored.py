"""A backup taken while people are called, put back in another place: calls go on, and nobody is dialled twice."""

import asyncio
import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from outdial import backup
from outdial.cli import app
from outdial.models import Call, SimulatedDial
from outdial.models.base import utc_now
from outdial.store.database import Database
from outdial.store.migrate import migrate
from outdial.vocabulary import CallStatus
from tests.running import BOOKS
from tests.system.stand import Stand, standing, until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

TALKING, WAITING = 4, 4


async def test_a_restored_installation_goes_on_where_the_backup_was_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was talked with is looked up and followed; who came after the backup is held until released."""
    first, second, safe = tmp_path / "first", tmp_path / "second", tmp_path / "safe"
    async with standing(first, _made(first)) as stand:
        stand.worker.start()
        calls = await _calls(stand)
        await asyncio.to_thread(backup.take, stand.seen.settings, safe)
        # What the backup does not know of: these are dialled before everything is lost.
        stand.worker.signal(signal.SIGCONT)
        await until(lambda: all(stand.seen.row(call).started_at for call in calls[:-1]), "all are dialled")
        stand.temporal.kill()
        stand.worker.kill()
    monkeypatch.setenv("OUTDIAL_DATA", str(second))
    restored = await asyncio.to_thread(CliRunner().invoke, app, ["restore", str(safe)])
    assert restored.exit_code == 0, restored.output
    async with standing(second, f"sqlite:///{second / 'outdial.db'}") as stand:
        stand.worker.start()
        talking, waiting, tomorrow = calls[:TALKING], calls[TALKING:-1], calls[-1]
        await until(
            lambda: all(stand.seen.row(call).ended_at for call in talking), "those end that were live"
        )
        await until(lambda: all(stand.seen.row(call).hold_reason for call in waiting), "the others are held")
        assert _dialled(stand) == Counter(f"{call.id}:1" for call in talking)
        assert not stand.seen.row(tomorrow).held
        await asyncio.to_thread(CliRunner().invoke, app, ["release"])
        await until(lambda: all(stand.seen.row(call).ended_at for call in waiting), "released calls end")
        assert _dialled(stand) == Counter(f"{call.id}:1" for call in calls[:-1])
        assert {stand.seen.row(call).status for call in calls[:-1]} == {CallStatus.COMPLETED}


def _made(folder: Path) -> str:
    """The address of a new embedded database in that folder."""
    database = Database(f"sqlite:///{folder / 'outdial.db'}")
    migrate(database)
    database.close()
    return f"sqlite:///{folder / 'outdial.db'}"


async def _calls(stand: Stand) -> list[Call]:
    """Some that are being talked with, some that are due while the worker stands still, and one for tomorrow."""
    talking = [await stand.place(BOOKS) for _ in range(TALKING)]
    await until(lambda: all(stand.seen.said(call) for call in talking), "everybody talks")
    stand.worker.signal(signal.SIGSTOP)
    waiting = [await stand.place(BOOKS) for _ in range(WAITING)]
    tomorrow = await stand.place(BOOKS, due_at=utc_now() + timedelta(days=1))
    return [*talking, *waiting, tomorrow]


def _dialled(stand: Stand) -> Counter[str]:
    with stand.seen.database.read() as session:
        return Counter(session.exec(select(SimulatedDial.dial_key)).all())
