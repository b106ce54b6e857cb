"""Where it is measured: a Temporal dev server, the worker, the API and the floor's worker, each a process."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError

from engine.connection import connect
from engine.setup import setup
from outdial.keys import create_key
from outdial.models import Account, Agent, Call
from outdial.plans import Plan
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.migrate import migrate
from tests.build import a_call, an_account, an_agent
from tests.system.processes import Process, python
from tests.temporal_server import HOST, TEMPORAL, free_port, wait_until_open

# An account that no line holds back: what is measured is the machine.
LINES = 1_000_000
SETUP_TRIES = 100
SECRET = "Yl6dxTYNzJ4rDRvHjWrBIxdMXWYj5XUpZ1sQUxPZXXA="


@dataclass
class Stage:
    """What the measures use."""

    settings: Settings
    client: Client
    database: Database
    account: Account
    agent: Agent
    key: str
    temporal: Process
    worker: Process
    floor: Process
    api: Process

    def record(self, **given: Any) -> Call:
        """A recorded call whose workflow is about to be started."""
        with self.database.write() as session:
            return a_call(session, self.agent, workflow_started=True, **given)

    def another_worker(self) -> Process:
        """One more worker like the first; it is the caller's to start and to stop."""
        return replace(self.worker, log=self.worker.log.with_name("another-worker.log"))


@asynccontextmanager
async def stage(database_url: str | None = None, **given: Any) -> AsyncGenerator[Stage]:
    """All of it, in a folder of its own, until the block ends. No database's address: a SQLite file."""
    with tempfile.TemporaryDirectory(prefix="outdial-bench-") as name:
        folder = Path(name)
        values = _values(folder, database_url, given)
        settings = Settings.model_validate(values)
        async with AsyncExitStack() as parts:
            # Whatever happens from here on, also while it is built, what was started is stopped.
            built = await _build(parts, folder, values, settings)
            yield built


def _values(folder: Path, database_url: str | None, given: dict[str, Any]) -> dict[str, Any]:
    return {
        "data": folder,
        "database_url": database_url or f"sqlite:///{folder}/outdial.db",
        "temporal_port": free_port(),
        "api_port": free_port(),
        "simulated_speed": 1000,
        "secret_keys": SECRET,
        "log_level": "WARNING",
        "webhook_allow_loopback": True,
        **given,
    }


async def _build(parts: AsyncExitStack, folder: Path, values: dict[str, Any], settings: Settings) -> Stage:
    def process(name: str, command: list[str]) -> Process:
        environment = {f"OUTDIAL_{key.upper()}": str(value) for key, value in values.items()}
        made = Process(command, environment, folder / f"{name}.log", dies_with_us=True)
        parts.push_async_callback(asyncio.to_thread, made.stop)
        return made

    temporal = process("temporal", _temporal(folder, settings.temporal_port))
    temporal.start()
    database = Database(settings.database)
    parts.callback(database.close)
    await asyncio.to_thread(migrate, database)
    await asyncio.to_thread(wait_until_open, settings.temporal_port)
    await _set_up(settings)
    account, agent, key = _people(database)
    worker = process("worker", python("worker"))
    floor = process("floor", python("bench.floor"))
    api = process("api", python("api"))
    worker.start()
    floor.start()
    client = await connect(settings)
    return Stage(settings, client, database, account, agent, key, temporal, worker, floor, api)


def _temporal(folder: Path, port: int) -> list[str]:
    """As `outdial up` starts it."""
    command = [shutil.which(TEMPORAL) or "temporal", "server", "start-dev", "--headless", "--ip", HOST]
    command += ["--port", str(port), "--log-level", "error", "--db-filename", str(folder / "temporal.db")]
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
        command += ["--sqlite-pragma", pragma]
    return command


async def _set_up(settings: Settings) -> None:
    for _ in range(SETUP_TRIES):
        try:
            await setup(settings)
            return
        except (RPCError, RuntimeError):
            await asyncio.sleep(0.1)
    raise TimeoutError("Temporal could not be set up")


def _people(database: Database) -> tuple[Account, Agent, str]:
    with database.write() as session:
        account = an_account(session, Plan.ENTERPRISE, custom_lines=LINES)
        agent = an_agent(session, account)
        return account, agent, create_key(session, account.id, "bench")[1]
