"""Who belongs to a running stack: kept in a file, so that a killed launcher's children can be found."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from outdial.errors import Conflict
from outdial.settings import Settings

# How long leftovers get to leave by themselves before they are killed, in seconds.
LEFTOVER_GRACE = 5


class PidFile:
    """The launcher first, then its children; each with its start, since the system reuses numbers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: list[tuple[int, float]] = []

    @classmethod
    def of(cls, settings: Settings) -> "PidFile":
        """The one of the installation with these settings."""
        return cls(settings.data / "stack.json")

    def claim(self) -> None:
        """Become the launcher and end what a killed one left. Raises Conflict while another one lives."""
        found = list(self._living())
        if found and found[0].pid == self._read()[0][0]:
            raise Conflict(f"It is already running, as process {found[0].pid}.")
        _end(found)
        self.add(os.getpid())

    def check_free(self) -> None:
        """Raises Conflict while anything of the stack lives, be it what a killed launcher left."""
        for process in self._living():
            raise Conflict(f"It is running, as process {process.pid}: stop it first.")

    def add(self, pid: int) -> None:
        """Remember a process of this stack."""
        with suppress(psutil.NoSuchProcess):
            self._known.append((pid, psutil.Process(pid).create_time()))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._known))

    def clear(self) -> None:
        """Forget them, now that all have ended; another launcher's file stays."""
        if self._known:
            self._path.unlink(missing_ok=True)

    def _living(self) -> Iterator[psutil.Process]:
        for pid, created in self._read():
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                if process.create_time() == created and process.status() != psutil.STATUS_ZOMBIE:
                    yield process

    def _read(self) -> list[tuple[int, float]]:
        try:
            return [(pid, created) for pid, created in json.loads(self._path.read_text())]
        except (FileNotFoundError, ValueError):
            return []


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(processes, timeout=LEFTOVER_GRACE)[1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=LEFTOVER_GRACE)
