"""Child processes that are kept running."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from outdial.cli import service
from outdial.cli.service import Program, Service, StartFailed

pytestmark = pytest.mark.anyio

ANNOUNCES = "import time; print('here we are', flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + ANNOUNCES


@pytest.fixture
def anyio_backend() -> str:
    """These speak asyncio's subprocesses."""
    return "asyncio"


class Watched:
    """A service that runs some Python, and what was shown of it."""

    def __init__(self, folder: Path, code: str, grace: float = 5) -> None:
        self.lines: list[str] = []
        self.pids: list[int] = []
        self.log = folder / "logs" / "part.log"
        program = Program("part", [sys.executable, "-c", code], grace, announces="here we are")
        self.service = Service(program, self.log, lambda _, line: self.lines.append(line), self.pids.append)


async def until(done: Callable[[], bool]) -> None:
    """Wait for it, ten seconds at most."""
    async with asyncio.timeout(10):
        while not done():
            await asyncio.sleep(0.02)


async def test_it_is_ready_once_it_announces_itself(tmp_path: Path) -> None:
    """What it writes is shown and logged."""
    part = Watched(tmp_path, ANNOUNCES)
    await part.service.start()
    await part.service.ready()
    assert part.lines == ["here we are"]
    assert part.log.read_text() == "here we are\n"
    await part.service.stop()


async def test_a_program_that_ends_while_it_starts_is_told_with_its_last_words(tmp_path: Path) -> None:
    """The reason is in the message, not only in a log."""
    part = Watched(tmp_path, "raise SystemExit('the disk is full')")
    await part.service.start()
    with pytest.raises(StartFailed, match=r"part ended while it started.*\n.*the disk is full"):
        await part.service.ready()


async def test_a_killed_program_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new process takes its place, and the terminal says so."""
    monkeypatch.setattr(service, "FIRST_PAUSE", 0.05)
    part = Watched(tmp_path, ANNOUNCES)
    await part.service.start()
    await part.service.ready()
    keeping = asyncio.create_task(part.service.keep())
    os.kill(part.pids[0], signal.SIGKILL)
    await until(lambda: len(part.pids) == 2)
    await part.service.ready()
    keeping.cancel()
    await part.service.stop()
    assert "ended with -9; starting it again in 0 s" in part.lines


async def test_pauses_grow_while_it_keeps_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that can't run is not started in a tight loop."""
    monkeypatch.setattr(service, "FIRST_PAUSE", 0.4)
    monkeypatch.setattr(service, "LONGEST_PAUSE", 1.0)
    part = Watched(tmp_path, "raise SystemExit(3)")
    await part.service.start()
    keeping = asyncio.create_task(part.service.keep())
    await until(lambda: len(part.lines) == 3)
    keeping.cancel()
    assert [line.rpartition(" in ")[2] for line in part.lines] == ["0 s", "1 s", "1 s"]


async def test_one_that_does_not_leave_is_killed(tmp_path: Path) -> None:
    """Stopping takes no longer than its grace."""
    part = Watched(tmp_path, STUBBORN, grace=0.2)
    await part.service.start()
    await part.service.ready()
    await part.service.stop()
    assert part.service.pid is None
    assert part.lines[-1] == "did not leave in time; killed"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a child to its parent")
async def test_children_end_with_a_killed_launcher(tmp_path: Path) -> None:
    """A launcher that is killed leaves nobody behind who would go on dialling unseen."""
    code = (
        "import asyncio, sys; from pathlib import Path; from outdial.cli.service import Program, Service\n"
        "async def main():\n"
        "    program = Program('part', [sys.executable, '-c', 'import time; time.sleep(60)'], 5)\n"
        "    part = Service(program, Path(sys.argv[1]), print, lambda pid: print(pid, flush=True))\n"
        "    await part.start()\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    command = (sys.executable, "-c", code, str(tmp_path / "part.log"))
    launcher = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert launcher.stdout
    child = psutil.Process(int(await launcher.stdout.readline()))
    launcher.kill()
    await launcher.wait()
    gone, _ = await asyncio.to_thread(psutil.wait_procs, [child], 5)
    assert gone == [child]
