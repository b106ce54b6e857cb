"""Several APIs and workers over one database, killed and started again while they work."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.system.processes import Process, python
from tests.system.stand import Stand, standing, until
from tests.temporal_server import HOST, free_port

# Seconds: between a request that was not answered and the next, and until a killed process is at work again.
ASK_AGAIN, BACK_WITHIN = 0.5, 120
ASKS = 400
# What workers and APIs write once they are at work.
READY = ("worker ready", "Application startup complete")
# The first request is still under way, or a part is away.
TRY_AGAIN = {409, 503}


@dataclass
class Crowd:
    """The processes that may be killed at any time, and a client that does not give up."""

    stand: Stand
    workers: list[Process]
    apis: list[Process]
    urls: list[str]
    killed: list[str] = field(default_factory=list[str])

    async def start(self) -> None:
        """Start them all; each is at work when this returns."""
        for process in (*self.workers, *self.apis):
            process.start()
        for process in (*self.workers, *self.apis):
            await _comes_up(process, times=1)

    async def kill_some(self, pause: float, chance: random.Random) -> None:
        """Kill one after the other with -9, each so many seconds after the last one is back; never returns."""
        while True:
            await asyncio.sleep(pause)
            victim = chance.choice([*self.workers, *self.apis])
            await asyncio.to_thread(victim.kill)
            self.killed.append(victim.log.stem)
            starts = _starts(victim)
            victim.start()
            await _comes_up(victim, times=starts + 1)

    async def ask(self, method: str, path: str, key: str, **given: Any) -> Any:
        """The answer to a request, asked of one API after the other, under one key, until there is one."""
        headers = {"Authorization": f"Bearer {self.stand.key}", "Idempotency-Key": key}
        for turn in range(ASKS):
            answer = await _answer(method, self.urls[turn % len(self.urls)] + path, headers, given)
            if answer is not None and answer.status_code not in TRY_AGAIN:
                assert answer.is_success, answer.text
                return answer.json()
            await asyncio.sleep(ASK_AGAIN)
        raise TimeoutError(f"{method} {path} was never answered")


@asynccontextmanager
async def crowd(
    folder: Path, database_url: str, *, workers: int, apis: int, **given: Any
) -> AsyncGenerator[Crowd]:
    """Temporal runs; APIs and workers are for the test to start."""
    async with standing(folder, database_url, **given) as stand:

        def process(program: str, number: int, **own: str) -> Process:
            environment = {**stand.worker.environment, **own}
            return Process(python(program), environment, folder / f"{program}-{number}.log")

        ports = [free_port() for _ in range(apis)]
        serving = [process("api", number, OUTDIAL_API_PORT=str(port)) for number, port in enumerate(ports)]
        working = [process("worker", number) for number in range(workers)]
        try:
            yield Crowd(stand, working, serving, [f"http://{HOST}:{port}" for port in ports])
        finally:
            for each in (*serving, *working):
                await asyncio.to_thread(each.stop)


async def _answer(
    method: str, url: str, headers: dict[str, str], given: dict[str, Any]
) -> httpx.Response | None:
    """None where there was none: the process is away, or was killed meanwhile."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        try:
            return await client.request(method, url, headers=headers, **given)
        except httpx.TransportError:
            return None


async def _comes_up(process: Process, *, times: int) -> None:
    await until(lambda: _starts(process) >= times, f"{process.log.stem} comes up", BACK_WITHIN)


def _starts(process: Process) -> int:
    """How often it has come up, by its log."""
    log = process.log.read_text(errors="replace")
    return sum(log.count(words) for words in READY)
