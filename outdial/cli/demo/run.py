"""The demo from its first process to its last table."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from rich.live import Live

from outdial.cli.access import FirstAccount
from outdial.cli.console import err, out
from outdial.cli.demo import screen
from outdial.cli.demo.carriers import beside
from outdial.cli.demo.client import Client
from outdial.cli.demo.people import AGENT, PEOPLE, order
from outdial.cli.demo.receiver import Receiver, receiving
from outdial.cli.pids import PidFile
from outdial.cli.ports import any_free, is_free, needed
from outdial.cli.service import Program
from outdial.cli.stack import Stack, running
from outdial.errors import Unavailable
from outdial.plans import Plan
from outdial.settings import Settings

SPEED = 12
LOOK_EVERY = 0.25
# Far more than it needs; beyond it something is wrong, and the demo says so. In seconds.
CALLS_WITHIN = 120
WEBHOOKS_WITHIN = 20

LAST_EVENTS = ("call.completed", "call.failed", "call.canceled")


async def run(*, leave: bool, carrier: str) -> None:
    """Show the demo; with ``leave`` return when all is done, else stay up until cancelled.

    Raises Unavailable where not everything came to its end.
    """
    settings = _settings()
    others = beside(carrier, settings.simulated_speed)
    settings = Settings()
    err.print("Starting Temporal, the API and a worker…")
    with receiving() as receiver:
        async with _stack(settings, others) as stack:
            call_id = await _show(stack, receiver)
            out.print(screen.where_next(settings, stack.key, call_id), crop=False)
            if stack.first_run:
                out.print(f"  {'dashboard':12} {stack.first_run}", soft_wrap=True)
            if not leave:
                out.print("\nEverything stays up until Ctrl-C.")
                await asyncio.Event().wait()


def _settings() -> Settings:
    """The demo's own settings, passed to its processes by the environment."""
    folder = (Settings().data / "demo").absolute()
    os.environ.update(OUTDIAL_DATA=str(folder), OUTDIAL_DATABASE_URL=f"sqlite:///{folder / 'outdial.db'}")
    os.environ["OUTDIAL_WEBHOOK_ALLOW_LOOPBACK"] = "true"
    os.environ.setdefault("OUTDIAL_SIMULATED_SPEED", str(SPEED))
    for port in needed(Settings(), own_temporal=True):
        if port.setting not in os.environ and not is_free(port):
            os.environ[port.setting] = str(any_free())
    port = Settings().temporal_port
    os.environ.update(OUTDIAL_TEMPORAL_ADDRESS=f"127.0.0.1:{port}", OUTDIAL_TEMPORAL_NAMESPACE="default")
    _start_afresh(Settings())
    return Settings()


def _start_afresh(settings: Settings) -> None:
    pids = PidFile.of(settings)
    pids.claim()
    shutil.rmtree(settings.data)


@asynccontextmanager
async def _stack(settings: Settings, others: Sequence[Program]) -> AsyncGenerator[Stack]:
    account = FirstAccount("Lakeside Dental", Plan.BUSINESS)
    stack = Stack(settings, lambda _name, _line: None, own_temporal=True, beside=others)
    async with running(stack, account):
        yield stack


async def _show(stack: Stack, receiver: Receiver) -> str:
    """Place the calls, follow them and tell of them; the id of the call that was shown in full."""
    client = Client(stack.settings.base_url, stack.key)
    try:
        calls = await _follow(client, receiver, await _place(client, receiver))
        await _settle(receiver, [call["id"] for _, call in calls])
        booked, call = calls[0]
        said = await client.get(f"/v1/calls/{call['id']}/transcript")
        out.print(
            "",
            screen.outcomes(calls),
            screen.transcript(booked, said),
            screen.webhooks(receiver.received),
            sep="\n",
        )
        return call["id"]
    finally:
        await client.close()


async def _place(client: Client, receiver: Receiver) -> list[str]:
    endpoint = await client.post("/v1/webhooks", {"url": receiver.url, "description": "The demo's receiver"})
    receiver.secret = endpoint["secret"]
    agent = await client.post("/v1/agents", AGENT)
    return [(await client.post("/v1/call", order(person, agent["id"])))["call_id"] for person in PEOPLE]


async def _follow(client: Client, receiver: Receiver, ids: list[str]) -> screen.Calls:
    until = time.monotonic() + CALLS_WITHIN
    with Live(console=out, auto_refresh=False) as shown:
        while True:
            calls = [await client.get(f"/v1/calls/{call_id}") for call_id in ids]
            told = list(zip(PEOPLE, calls, strict=True))
            shown.update(screen.live(told, len(receiver.received)), refresh=True)
            if screen.ended(told) == len(told):
                return told
            if time.monotonic() > until:
                raise Unavailable(
                    f"Not every call came to its end within {CALLS_WITHIN} s; logs are in data/demo/logs."
                )
            await asyncio.sleep(LOOK_EVERY)


async def _settle(receiver: Receiver, ids: list[str]) -> None:
    """Wait until the last event of each call was delivered, rightly signed."""
    until = time.monotonic() + WEBHOOKS_WITHIN
    while True:
        told = {one.call_id for one in receiver.received if one.verified and one.event in LAST_EVENTS}
        if told.issuperset(ids):
            return
        if time.monotonic() > until:
            raise Unavailable(f"Only {len(told)} of {len(ids)} calls were reported by a signed webhook.")
        await asyncio.sleep(LOOK_EVERY)
