"""A conversation's turns on their way into the database."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime

from outdial.metrics import observe_turn
from outdial.models import Attempt, Speaker
from outdial.models.base import utc_now
from outdial.store import calls
from outdial.store.calls import Spoken
from outdial.store.database import Database

# How often turns are written while people talk; at full speed a whole conversation is one write.
FLUSH_EVERY = 0.5


class StoredTurns:
    """Keeps a conversation's turns in the database, several in one write where they come fast.

    ``beside`` writes each at once and beside the talk, so that nobody on a real phone waits for the database.
    """

    def __init__(self, database: Database, attempt: Attempt, position: int, *, beside: bool = False) -> None:
        self._database = database
        self._attempt = attempt
        self._position = position
        self._beside = beside
        self._opened = utc_now()
        self._writing: asyncio.Task[None] | None = None
        self._unwritten: list[Spoken] = []
        self._written_at = time.monotonic()

    async def add(self, speaker: Speaker, text: str, at: datetime, latency_ms: int | None = None) -> None:
        """One more turn."""
        if speaker is Speaker.AGENT:
            observe_turn(self._attempt, self._opened, at, latency_ms, first=self._position == 0)
        self._unwritten.append(Spoken(self._position, speaker, text, at, latency_ms))
        self._position += 1
        if self._beside and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write_all())
        elif not self._beside and time.monotonic() - self._written_at >= FLUSH_EVERY:
            await self._write_all()

    async def cut(self, text: str) -> None:
        """The agent was interrupted: its last turn was heard only so far as ``text``."""
        await self.flush()
        await asyncio.to_thread(self._cut, text)

    async def flush(self) -> None:
        """Write what is not written yet."""
        if self._writing is not None:
            # What could not be written then is written now, or fails now.
            await asyncio.gather(self._writing, return_exceptions=True)
        await self._write_all()

    async def _write_all(self) -> None:
        while turns := list(self._unwritten):
            await asyncio.to_thread(self._write, turns)
            del self._unwritten[: len(turns)]
        self._written_at = time.monotonic()

    def _write(self, turns: Sequence[Spoken]) -> None:
        with self._database.write() as session:
            calls.add_turns(session, self._attempt, turns)

    def _cut(self, text: str) -> None:
        with self._database.write() as session:
            calls.cut_last_turn(session, self._attempt, text)
