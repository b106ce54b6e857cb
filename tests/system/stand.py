"""All of Outdial as it runs in earnest: Temporal, worker and API as processes, over real files or PostgreSQL."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError

from engine.calls import start_call
from engine.connection import connect
from engine.setup import setup
from outdial.keys import create_key
from outdial.models import Account, Agent, Call
from outdial.plans import Plan
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.scope import rows_of
from tests.build import a_call, an_account, an_agent
from tests.running import Running
from tests.system.processes import Process, python
from tests.system.stalls import Stalls
from tests.temporal_server import HOST, TEMPORAL, free_port, wait_until_open
from tests.webhooks.receiver import Receiver

# Everything that waits for a lost process waits so long, in seconds, and simulated people are quick.
SETTINGS = {
    "simulated_speed": 8,
    "dial_timeout": 3,
    "heartbeat_timeout": 2,
    "line_poll": 0.2,
    "webhook_allow_loopback": True,
    "secret_keys": "Yl6dxTYNzJ4rDRvHjWrBIxdMXWYj5XUpZ1sQUxPZXXA=",
}
PATIENCE = 90
SETUP_TRIES = 50


@dataclass
class Stand:
    """The processes, and what a test needs to place calls and to look into the books."""

    temporal: Process
    worker: Process
    stalling: Process
    api: Process
    stalls: Stalls
    seen: Running
    receiver: Receiver
    key: str

    def record(self, number: str, **given: Any) -> Call:
        """A recorded call that reports to the receiver; nothing is started yet."""
        with self.seen.database.write() as session:
            return a_call(session, self.seen.agent, number=number, webhook_url=self.receiver.url, **given)

    def recorded(self) -> list[Call]:
        """Every call that the account has."""
        with self.seen.database.read() as session:
            return list(session.exec(rows_of(self.seen.account.id, Call)).all())

    async def start(self, calls: Sequence[Call]) -> None:
        """Start the workflows of recorded calls."""
        for call in calls:
            await start_call(self.seen.client, self.seen.settings, call)

    async def place(self, number: str, **given: Any) -> Call:
        """A call on its way."""
        call = await asyncio.to_thread(self.record, number, **given)
        await self.start([call])
        return call

    async def standing(self, calls: Sequence[Call]) -> None:
        """Wait until each of them has come to the point where it stalls."""
        await until(lambda: {call.id for call in calls} <= self.stalls.reached(), "calls stall")

    async def ended(self, calls: Sequence[Call]) -> list[Call]:
        """The calls' rows once all have ended and the receiver knows of each."""
        await until(lambda: all(self.seen.row(call).ended_at for call in calls), "calls end")
        await until(
            lambda: {call.id for call in calls} <= self.told("call.completed").keys(), "webhooks come"
        )
        return [self.seen.row(call) for call in calls]

    def told(self, event: str) -> dict[str, set[str]]:
        """By call, the ids of the webhooks of that event: one each, however often it was sent."""
        found: dict[str, set[str]] = {}
        for received in list(self.receiver.received):
            body = json.loads(received.body)
            if body["type"] == event:
                found.setdefault(body["call_id"], set()).add(received.headers["webhook-id"])
        return found


@asynccontextmanager
async def standing(folder: Path, database_url: str, **given: Any) -> AsyncGenerator[Stand]:
    """Temporal runs, with its search attributes and Schedules; worker and API are for the test to start."""
    port, api_port = free_port(), int(given.get("api_port", 0)) or free_port()
    values = {
        **SETTINGS,
        "data": folder,
        "database_url": database_url,
        "temporal_port": port,
        "api_port": api_port,
        **given,
    }
    environment = {f"OUTDIAL_{name.upper()}": str(value) for name, value in values.items()}
    stalls = Stalls(folder / "stalls")
    stalls.write({})

    def process(name: str, command: list[str]) -> Process:
        return Process(command, environment, folder / f"{name}.log")

    temporal = process("temporal", _temporal(folder, port))
    worker = process("worker", python("worker"))
    stalling = process("stalling", python("tests.system.stalling_worker", str(stalls.folder)))
    api = process("api", python("api"))
    temporal.start()
    database, receiver = Database(database_url), Receiver()
    receiver.run()
    try:
        seen = await _seen(Settings.model_validate(values), database)
        key = _key(database, seen.account)
        yield Stand(temporal, worker, stalling, api, stalls, seen, receiver, key)
    finally:
        for each in (api, stalling, worker, temporal):
            await asyncio.to_thread(each.stop)
        receiver.stop()
        database.close()


async def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait for the condition. Raises TimeoutError."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not await asyncio.to_thread(condition):
        if loop.time() > deadline:
            raise TimeoutError(f"waited {seconds} s for: {what}")
        await asyncio.sleep(0.05)


def _temporal(folder: Path, port: int) -> list[str]:
    command = [shutil.which(TEMPORAL) or "temporal", "server", "start-dev", "--headless", "--ip", HOST]
    command += ["--port", str(port), "--log-level", "error", "--db-filename", str(folder / "temporal.db")]
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
        command += ["--sqlite-pragma", pragma]
    return command


async def _seen(settings: Settings, database: Database) -> Running:
    await asyncio.to_thread(wait_until_open, settings.temporal_port)
    await _set_up(settings)
    account, agent = _people(database)
    client: Client = await connect(settings)
    return Running(client, database, settings, account, agent)


async def _set_up(settings: Settings) -> None:
    for _ in range(SETUP_TRIES):
        try:
            await setup(settings)
            return
        except (RPCError, RuntimeError):
            await asyncio.sleep(0.1)
    raise TimeoutError("Temporal could not be set up")


def _people(database: Database) -> tuple[Account, Agent]:
    with database.write() as session:
        account = an_account(session, Plan.ENTERPRISE)
        return account, an_agent(session, account)


def _key(database: Database, account: Account) -> str:
    with database.write() as session:
        return create_key(session, account.id, "test")[1]
