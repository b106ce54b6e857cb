"""The emulated account: its calls, messages and recordings, and the faults that wait for the next calls."""

import asyncio
from collections import Counter, deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from twilio_emulator.callbacks import Outbox
from twilio_emulator.calls import EmulatedCall
from twilio_emulator.faults import Fault

# From this speed on nothing waits.
FULL_SPEED = 1000.0


@dataclass
class Emulator:
    """One Twilio account. ``numbers`` are its own; ``speed`` is how much faster than life people are."""

    account_sid: str
    auth_token: str
    numbers: tuple[str, ...] = ("+15005550006",)
    speed: float = FULL_SPEED
    rewrite: tuple[str, str] | None = None
    calls: dict[str, EmulatedCall] = field(default_factory=dict[str, EmulatedCall])
    messages: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    recordings: dict[str, bytes] = field(default_factory=dict[str, bytes])
    faults: deque[Fault] = field(default_factory=deque[Fault])
    faults_by_number: dict[str, Fault] = field(default_factory=dict[str, Fault])
    requests: list[Mapping[str, list[str]]] = field(default_factory=list[Mapping[str, list[str]]])
    dials: Counter[str] = field(default_factory=Counter[str])

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.auth_token, self.rewrite)
        self._tasks: set[asyncio.Task[None]] = set()

    def next_fault(self, number: str) -> Fault:
        """What goes wrong now: once with the next call to a number that is so marked, else with the next of all."""
        if number in self.faults_by_number:
            return self.faults_by_number.pop(number)
        return self.faults.popleft() if self.faults else Fault()

    def calls_to(self, number: str) -> list[EmulatedCall]:
        """The calls that were made to that number, the first one first."""
        return [call for call in self.calls.values() if call.asked("To") == number]

    async def wait(self, seconds: float) -> None:
        """Let time pass at the emulator's speed."""
        await asyncio.sleep(0 if self.speed >= FULL_SPEED else seconds / self.speed)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside what is being answered."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End everything."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.outbox.close()
