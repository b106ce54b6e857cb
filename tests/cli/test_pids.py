"""The file that remembers a stack's processes."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from outdial.cli.pids import PidFile
from outdial.errors import Conflict

CLAIM = """
import sys, time
from pathlib import Path
from outdial.cli.pids import PidFile

file = PidFile(Path(sys.argv[1]))
file.claim()
file.add(int(sys.argv[2]))
print("ok", flush=True)
time.sleep(60)
"""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that would sleep for a minute."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield child
    child.kill()
    child.wait()


def launcher(file: Path, child: int) -> subprocess.Popen[bytes]:
    """A launcher that has claimed the file and started that child."""
    process = subprocess.Popen([sys.executable, "-c", CLAIM, str(file), str(child)], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"ok\n"
    return process


def test_a_second_launcher_is_refused(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    """While the first one lives, its number is named and its children stay."""
    first = launcher(tmp_path / "stack.json", child.pid)
    with pytest.raises(Conflict, match=f"already running, as process {first.pid}"):
        PidFile(tmp_path / "stack.json").claim()
    assert child.poll() is None
    first.kill()
    first.wait()


def test_the_children_of_a_killed_launcher_are_ended(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    """Leftovers don't hold ports or work on beside the new stack."""
    first = launcher(tmp_path / "stack.json", child.pid)
    first.kill()
    first.wait()
    PidFile(tmp_path / "stack.json").claim()
    assert not psutil.pid_exists(child.pid)


def test_a_process_that_only_has_the_number_is_left_alone(
    tmp_path: Path, child: subprocess.Popen[bytes]
) -> None:
    """The system reuses numbers; only the same start makes it the same process."""
    started = psutil.Process(child.pid).create_time()
    (tmp_path / "stack.json").write_text(f"[[{child.pid}, {started - 100}]]")
    PidFile(tmp_path / "stack.json").claim()
    assert child.poll() is None


def test_a_damaged_file_is_no_obstacle(tmp_path: Path) -> None:
    """A file that was cut off by a crash counts as none."""
    (tmp_path / "stack.json").write_text("[[12")
    PidFile(tmp_path / "stack.json").claim()
