"""Outdial's worker in the test's own process, over a real Temporal server and a real database."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select
from temporalio.client import Client, WorkflowHandle

from engine.calls import start_call
from outdial.clock import Clock
from outdial.models import Account, Agent, Attempt, Call, CallEvent, SimulatedDial
from outdial.plans import Plan
from outdial.settings import Settings
from outdial.store import calls, upkeep
from outdial.store.database import Database
from tests.build import a_call, an_account, an_agent
from worker import Kind, make_parts, utc_clock, working

# Seconds; beside tests that keep every core busy.
PATIENCE = 90

# People of the simulated carrier, by the table in docs/simulation.md.
BOOKS = "+12025550123"
REFUSES = "+12025559001"
BUSY_THEN_BOOKS = "+12025559002"
NEVER_ANSWERS = "+12025559003"
VOICEMAIL = "+12025559004"
OPTS_OUT = "+12025559005"
CARRIER_FAILS = "+12025559008"
INVALID = "+12025559009"
MUTE = "+12025559011"
LOST_ANSWER = "+12025559012"
UNREACHED = "+12025559013"


def settings_for(database: Database, **given: Any) -> Settings:
    """Settings at full speed over this database."""
    values: dict[str, Any] = {
        "database_url": database.engine.url.render_as_string(hide_password=False),
        "data": "unused",
        "simulated_speed": 1000,
        "line_poll": 0.1,
        "webhook_allow_loopback": True,
        "secret_keys": "Yl6dxTYNzJ4rDRvHjWrBIxdMXWYj5XUpZ1sQUxPZXXA=",
        **given,
    }
    return Settings.model_validate(values)


@dataclass
class Running:
    """A worker at work, and short ways to place calls and to see what became of them."""

    client: Client
    database: Database
    settings: Settings
    account: Account
    agent: Agent

    def record(self, number: str = BOOKS, **given: Any) -> Call:
        """A recorded call whose workflow has not been started."""
        with self.database.write() as session:
            return a_call(session, self.agent, number=number, **given)

    async def place(self, number: str = BOOKS, **given: Any) -> Call:
        """A call on its way."""
        call = await asyncio.to_thread(self.record, number, **given)
        await start_call(self.client, self.settings, call)
        await asyncio.to_thread(self._mark_started, call)
        return call

    def _mark_started(self, call: Call) -> None:
        with self.database.write() as session:
            upkeep.mark_started(session, [call.id])

    def workflow(self, call: Call) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(call.id)

    async def ended(self, call: Call) -> Call:
        """The call's row once its workflow has ended."""
        await asyncio.wait_for(self.workflow(call).result(), PATIENCE)
        return await asyncio.to_thread(self.row, call)

    async def call(self, number: str = BOOKS, **given: Any) -> Call:
        """Place a call and see it to its end."""
        return await self.ended(await self.place(number, **given))

    async def until(self, call: Call, progress: str) -> Call:
        """The call's row once its progress is so."""
        async with asyncio.timeout(PATIENCE):
            while (row := await asyncio.to_thread(self.row, call)).progress != progress:
                await asyncio.sleep(0.02)
        return row

    def row(self, call: Call) -> Call:
        with self.database.read() as session:
            return calls.load(session, call.id)

    def attempts(self, call: Call) -> list[Attempt]:
        with self.database.read() as session:
            return list(calls.attempts_of(session, call))

    def events(self, call: Call) -> list[str]:
        """The call's timeline, as types."""
        with self.database.read() as session:
            query = select(CallEvent).where(CallEvent.call_id == call.id).order_by(col(CallEvent.id))
            return [event.type for event in session.exec(query)]

    def dials(self, call: Call) -> list[str]:
        """The dial keys that the simulated carrier was asked for, as its own book has them."""
        with self.database.read() as session:
            query = select(SimulatedDial).where(col(SimulatedDial.dial_key).startswith(call.id))
            return [dial.dial_key for dial in session.exec(query)]

    def said(self, call: Call) -> list[str]:
        """The last attempt's transcript."""
        with self.database.read() as session:
            attempt = calls.last_attempt(session, self.row(call))
            return (
                [f"{turn.speaker}: {turn.text}" for turn in calls.turns_of(session, attempt)]
                if attempt
                else []
            )


@asynccontextmanager
async def running(
    address_or_client: str | Client,
    database: Database,
    *,
    clock: Clock = utc_clock,
    kinds: Iterable[Kind] = tuple(Kind),
    **given: Any,
) -> AsyncGenerator[Running]:
    """A worker over this Temporal server and database, with an account and an agent, until the block ends."""
    settings = settings_for(database, **given)
    client = address_or_client
    if isinstance(client, str):
        client = await Client.connect(client)
    with database.write() as session:
        account = an_account(session, Plan.ENTERPRISE)
        agent = an_agent(session, account)
    async with working(make_parts(settings, database, client, clock), client, kinds):
        yield Running(client, database, settings, account, agent)


def later(call: Call, **span: float) -> datetime:
    """A time after the call was due."""
    return call.due_at + timedelta(**span)
