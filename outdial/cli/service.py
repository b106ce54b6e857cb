"""A child process that is kept running: started, watched, started again when it dies, stopped."""

import asyncio
import ctypes
import logging
import os
import re
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
# A process that ran this long had started well: if it dies, the pauses begin anew. All in seconds.
STEADY = 60.0
READY_WITHIN = 90.0
READY_POLL = 0.1
LAST_WORDS_WITHIN = 2.0

LOG_BYTES = 10_000_000
LOG_FILES = 3
LINE_BYTES = 1_000_000
TAIL = 15

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What to run, how long it may take to leave (seconds), and what it writes once it is ready.

    What a ``quiet`` one writes goes to its log only. ``environment`` is added to ours.
    """

    name: str
    command: Sequence[str]
    grace: float
    announces: str | None = None
    quiet: bool = False
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


class StartFailed(Exception):
    """A program ended, or did nothing for too long, before it was ready; the message has its last words."""


class Service:
    """One program that runs. ``show`` gets each line that it writes, ``born`` its id at each start."""

    def __init__(
        self, program: Program, log: Path, show: Callable[[str, str], None], born: Callable[[int], None]
    ) -> None:
        self.program = program
        self._show = show
        self._born = born
        self._log = _file_logger(log)
        self._last = deque[str](maxlen=TAIL)
        self._announced = False
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, or None while it is not running."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process and running else None

    async def start(self) -> None:
        """Start it, without waiting until it is ready."""
        self._announced = False
        self._process = await asyncio.create_subprocess_exec(
            *self.program.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LINE_BYTES,
            env={**os.environ, **self.program.environment},
            # A session of its own: Ctrl-C is for the launcher, which stops the parts in order.
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        self._born(self._process.pid)
        self._reader = asyncio.create_task(self._read(self._process))

    async def ready(self, check: Callable[[], Awaitable[bool]] | None = None) -> None:
        """Wait until ``check`` says so, or until it announced itself. Raises StartFailed."""
        until = time.monotonic() + READY_WITHIN
        while not (await check() if check else self._announced):
            if self.pid is None:
                await self._hear_out()
                raise self._failed("ended while it started")
            if time.monotonic() > until:
                raise self._failed(f"was not ready after {READY_WITHIN:.0f} s")
            await asyncio.sleep(READY_POLL)

    async def keep(self) -> None:
        """Start it again whenever it ends, after a pause that grows while it keeps ending; never returns."""
        pause = FIRST_PAUSE
        while self._process:
            since = time.monotonic()
            code = await self._process.wait()
            pause = FIRST_PAUSE if time.monotonic() - since > STEADY else pause
            self._say(f"ended with {code}; starting it again in {pause:.0f} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            await self.start()

    async def stop(self) -> None:
        """Ask it to leave, wait as long as it may take, then kill it."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), self.program.grace)
        except TimeoutError:
            self._say("did not leave in time; killed")
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._reader:
            await self._reader

    async def _hear_out(self) -> None:
        """Its end may be known before its last words were read; a child that it left may keep the pipe open."""
        if self._reader:
            await asyncio.wait([self._reader], timeout=LAST_WORDS_WITHIN)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than LINE_BYTES; it was dropped
                continue
            if not line:
                return
            self._write(_COLOURS.sub("", line.decode(errors="replace").rstrip()))

    def _write(self, line: str) -> None:
        self._announced = self._announced or bool(self.program.announces and self.program.announces in line)
        self._last.append(line)
        self._log.info(line)
        if not self.program.quiet:
            self._show(self.program.name, line)

    def _say(self, line: str) -> None:
        self._log.info(line)
        self._show(self.program.name, line)

    def _failed(self, what: str) -> StartFailed:
        return StartFailed("\n".join([f"{self.program.name} {what}. Its last words:", *self._last]))


def end_with_parent() -> None:
    """On Linux, ask the system to end this child if the launcher is killed."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _file_logger(path: Path) -> logging.Logger:
    path.parent.mkdir(parents=True, exist_ok=True)
    logger = logging.Logger(path.stem, logging.INFO)
    logger.addHandler(RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"))
    return logger
