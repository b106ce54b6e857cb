"""Programs of ours that a test starts, kills and starts again."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from outdial.cli.service import end_with_parent

ROOT = Path(__file__).parents[2]
GRACE = 15
PATIENCE = 90


@dataclass
class Process:
    """One program. What it writes goes to ``log``."""

    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    dies_with_us: bool = False  # also if we are killed; only for what our main thread starts
    _running: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent if self.dies_with_us else None,
            )

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal: SIGSTOP to freeze it, SIGCONT to let it go on."""
        assert self._running is not None, f"{self.command} was never started"
        self._running.send_signal(number)

    @property
    def pid(self) -> int:
        """The process id of the latest start."""
        assert self._running is not None, f"{self.command} was never started"
        return self._running.pid

    @property
    def alive(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def wait(self, seconds: float = PATIENCE) -> int:
        """Its status once it has ended by itself. Raises TimeoutExpired."""
        assert self._running is not None, f"{self.command} was never started"
        return self._running.wait(seconds)

    def kill(self) -> None:
        """As `kill -9` does: no chance to tidy up."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()

    def stop(self) -> None:
        """Ask it to leave, and insist after a while."""
        if self._running is None or not self.alive:
            return
        self._running.terminate()
        try:
            self._running.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.kill()


def python(*arguments: str) -> list[str]:
    """The command line of one of our modules."""
    return [sys.executable, "-m", *arguments]
