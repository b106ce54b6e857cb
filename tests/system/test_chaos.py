"""A campaign of 2,000 calls while everything under it is killed: nothing is lost, and nothing is done twice."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select

from outdial.models import Account, Attempt, Call, Delivery, DeliveryState, SimulatedDial
from outdial.store import lines
from outdial.store.database import Database
from outdial.store.migrate import migrate
from outdial.vocabulary import CallStatus, Disposition
from tests.postgres import Postgres, postgres
from tests.system.crowd import Crowd, crowd
from tests.system.stand import until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

CALLS, SINGLE = 2_000, 60
LINES = 300
# People are quick, and a carrier may be silent for as long as usual, since a busy machine is late.
SETTINGS = {
    "simulated_speed": 100,
    "ring_timeout": 200,
    "silence_grace": 1500,
    "dial_timeout": 10,
    "heartbeat_timeout": 5,
}
# Seconds: between two kills, that a server is away, and that all of it may take beside other tests.
PAUSE, AWAY, PATIENCE = 4.0, 2.0, 2_400
BEGIN, ENDS = "call.started", {"call.completed", "call.failed"}
# What becomes of people, by the last digits of their number: most answer, some do not at first, or not at all.
FATES = {7: "9002", 17: "9003", 27: "9004", 37: "9008"}
ANSWERS = "0123"
AREAS = ("202", "212", "213", "214")


@pytest.fixture
def durable() -> Iterator[Postgres]:
    """A server that keeps what it has confirmed when it crashes."""
    with postgres(synchronous_commit="on", full_page_writes="on") as server:
        yield server


async def test_a_campaign_outlives_whatever_is_killed_under_it(durable: Postgres, tmp_path: Path) -> None:
    """Two APIs and three workers die by turns, PostgreSQL crashes and Temporal is killed, each once.

    Every call ends, no attempt is dialled twice, each webhook arrives, and no line stays taken.
    """
    address = _made(durable)
    async with crowd(tmp_path, address, workers=3, apis=2, **SETTINGS) as people:
        await asyncio.to_thread(_give_lines, people)
        await people.start()
        await _subscribe(people)
        await _place_campaign(people)
        async with _dying(people, durable):
            await _place_singles(people)
            await until(lambda: _ended(people) == CALLS, "all calls end", PATIENCE)
        await until(lambda: _owed(people) == 0, "all webhooks are delivered", PATIENCE)
        assert {"worker", "api"} <= {name.partition("-")[0] for name in people.killed}
        with people.stand.seen.database.read() as session:
            _check_calls(session, people.stand.seen.account)
            _check_webhooks(session, people)


def _made(server: Postgres) -> str:
    address = server.create("outdial")
    database = Database(address)
    migrate(database)
    database.close()
    return address


def _give_lines(people: Crowd) -> None:
    with people.stand.seen.database.write() as session:
        session.get_one(Account, people.stand.seen.account.id).custom_lines = LINES


async def _subscribe(people: Crowd) -> None:
    wanted = {"url": people.stand.receiver.url, "events": [BEGIN, *ENDS]}
    await people.ask("POST", "/v1/webhooks", "hook", json=wanted)


async def _place_campaign(people: Crowd) -> None:
    """Half of the people at once, the others appended."""
    agent, phones = people.stand.seen.agent.id, _phones(CALLS - SINGLE)
    first, others = (
        [{"phone": phone, "variables": {"first_name": "Ada"}} for phone in half]
        for half in (phones[::2], phones[1::2])
    )
    campaign = {"agent_id": agent, "retry": {"intervals": [1, 1]}, "recipients": first}
    made = await people.ask("POST", "/v1/calls/batch", "campaign", json=campaign)
    path = f"/v1/calls/batch/{made['id']}/recipients"
    await people.ask("POST", path, "others", json={"recipients": others})


async def _place_singles(people: Crowd) -> None:
    """Calls one by one, of APIs that die under them."""
    for number in range(SINGLE):
        order = {"agent_id": people.stand.seen.agent.id, "variables": {"first_name": "Ada"}}
        phone = f"+1305555{number:02}23"
        await people.ask("POST", "/v1/call", f"single-{number}", json={**order, "recipient_phone": phone})


def _phones(count: int) -> list[str]:
    ends = [FATES.get(number % 50, ANSWERS) for number in range(count)]
    return [f"+1{AREAS[number // 600]}{200 + number % 600}{end}" for number, end in enumerate(ends)]


@asynccontextmanager
async def _dying(people: Crowd, server: Postgres) -> AsyncGenerator[None]:
    killing = asyncio.create_task(people.kill_some(PAUSE, random.Random(9)))
    crashing = asyncio.create_task(_crash_servers(people, server))
    try:
        yield
        await crashing
    finally:
        killing.cancel()
        crashing.cancel()


async def _crash_servers(people: Crowd, server: Postgres) -> None:
    """PostgreSQL and then Temporal, each amid the work."""
    await until(lambda: _ended(people) > CALLS // 5, "the campaign is under way", PATIENCE)
    await asyncio.to_thread(server.crash)
    await asyncio.sleep(AWAY)
    await asyncio.to_thread(server.start)
    await until(lambda: _ended(people) > CALLS // 2, "half of it is done", PATIENCE)
    temporal = people.stand.temporal
    await asyncio.to_thread(temporal.kill)
    await asyncio.sleep(AWAY)
    temporal.start()


def _ended(people: Crowd) -> int:
    """How many calls have ended; none can be seen while the database is away."""
    count = select(func.count()).select_from(Call).where(col(Call.ended_at).is_not(None))
    try:
        with people.stand.seen.database.read() as session:
            return session.exec(count).one()
    except OperationalError:
        return 0


def _owed(people: Crowd) -> int:
    count = select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.PENDING)
    with people.stand.seen.database.read() as session:
        return session.exec(count).one()


def _check_calls(session: Session, account: Account) -> None:
    """All have ended; the carrier's own book has one dial of each attempt that reached it; no line is taken."""
    calls, attempts = session.exec(select(Call)).all(), session.exec(select(Attempt)).all()
    assert len(calls) == CALLS
    assert {call.status for call in calls} == {CallStatus.COMPLETED, CallStatus.FAILED}
    placed = [each.dial_key for each in attempts if each.disposition is not Disposition.NOT_PLACED]
    assert Counter(session.exec(select(SimulatedDial.dial_key)).all()) == Counter(placed)
    assert all(attempt.ended_at for attempt in attempts)
    assert lines.in_use(session, account.id) == 0


def _check_webhooks(session: Session, people: Crowd) -> None:
    """Every call's beginning and its end were told, each under one id, once or more; nothing else was."""
    told: dict[str, set[str]] = {}
    for each in people.stand.receiver.received:
        body: dict[str, Any] = json.loads(each.body)
        told.setdefault(each.headers["webhook-id"], set()).add(f"{body['call_id']} {body['type']}")
    owed = {each.id: {f"{each.call_id} {each.event_type}"} for each in session.exec(select(Delivery))}
    assert told == owed
    events = Counter(event for events in owed.values() for event in events)
    for call in session.exec(select(Call)):
        assert events[f"{call.id} {BEGIN}"] == 1
        assert sum(events[f"{call.id} {end}"] for end in ENDS) == 1
