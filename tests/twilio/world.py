"""Everything at once, for real: the emulated Twilio, our API and our worker over a Temporal server."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvicorn

from outdial.models import Call
from outdial.settings import Settings
from outdial.store.database import Database
from tests.application import application
from tests.running import Running, running, settings_for
from tests.temporal_server import HOST, free_port, wait_until_open
from twilio_emulator.calls import EmulatedCall
from twilio_emulator.emulator import Emulator
from twilio_emulator.faults import Fault
from twilio_emulator.rest import create_app as create_twilio
from workflows import names
from workflows.upkeep import Upkeep

ACCOUNT_SID = "AC" + "1" * 32
AUTH_TOKEN = "a" * 32
NUMBER = "+15005550006"


@dataclass
class World:
    """Outdial at work with an emulated Twilio."""

    outdial: Running
    twilio: Emulator
    api_url: str

    def fail(self, **fault: Any) -> None:
        """Something goes wrong with the next call."""
        self.twilio.faults.append(Fault.model_validate(fault))

    def made(self, call: Call) -> list[EmulatedCall]:
        """The calls that Twilio made for this call's number."""
        return self.twilio.calls_to(call.number)


def twilio_settings(database: Database, data: Path, api_url: str, twilio_url: str, **given: Any) -> Settings:
    """Settings of an installation that dials through an emulated Twilio, with little patience."""
    values: dict[str, Any] = {
        "data": data,
        "carrier": "twilio",
        "twilio_account_sid": ACCOUNT_SID,
        "twilio_auth_token": AUTH_TOKEN,
        "twilio_api_url": twilio_url,
        "twilio_timeout": 3,
        "twilio_settle": 0.5,
        "default_caller_id": NUMBER,
        "public_url": api_url,
        "calls_per_second": 100,
        "dial_timeout": 8,
        "ring_timeout": 10,
        "silence_grace": 1,
        "initial_silence_timeout": 0.5,
        "talk_lost_after": 8,
        "unsettled_for": 20,
        **given,
    }
    return settings_for(database, **values)


@contextmanager
def serving(app: Any, port: int) -> Generator[str]:
    """An application over a socket; yields its address."""
    server = uvicorn.Server(
        uvicorn.Config(app, host=HOST, port=port, log_config=None, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until_open(port)
        yield f"http://{HOST}:{port}"
    finally:
        server.should_exit = True
        thread.join()


@asynccontextmanager
async def world(
    temporal: str, database: Database, data: Path, *, speed: float = 1000, away: float = 0, **given: Any
) -> AsyncGenerator[World]:
    """All of it until the block ends; ``speed`` is how much faster than life people are.

    Twilio can't be reached in the first ``away`` seconds.
    """
    twilio = Emulator(ACCOUNT_SID, AUTH_TOKEN, (NUMBER,), speed)
    twilio_port, api_port = free_port(), free_port()
    api_url = f"http://{HOST}:{api_port}"
    settings = twilio_settings(database, data, api_url, f"http://{HOST}:{twilio_port}", **given)
    async with running(temporal, database, **settings.model_dump(exclude_unset=True)) as outdial:
        api = application(settings.model_copy(update={"temporal_address": temporal}))
        upkeep = asyncio.create_task(_upkeep(outdial))
        with ExitStack() as servers:
            servers.enter_context(serving(api, api_port))
            comes = asyncio.create_task(_come(servers, twilio, twilio_port, away))
            if not away:
                await comes
            yield World(outdial, twilio, api_url)
            await comes
        upkeep.cancel()


async def _come(servers: ExitStack, twilio: Emulator, port: int, after: float) -> None:
    await asyncio.sleep(after)
    # A server of its own, which is up before anybody can ask it.
    await asyncio.to_thread(servers.enter_context, serving(create_twilio(twilio), port))


async def _upkeep(outdial: Running) -> None:
    """What a Temporal Schedule does, more often."""
    while True:
        for job in (names.TELL_REPORTS, names.WATCH_TALKS):
            await outdial.client.execute_workflow(
                Upkeep.run, job, id=f"{job}-{uuid4()}", task_queue=outdial.settings.task_queue
            )
        await asyncio.sleep(1)
