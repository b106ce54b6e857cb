"""PostgreSQL or Temporal is away for a while: what can be taken is taken, and all that was accepted is done after."""

import asyncio
from pathlib import Path

import httpx
import pytest

from outdial.store.database import Database
from outdial.store.migrate import migrate
from tests.postgres import Postgres, postgres
from tests.running import BOOKS
from tests.system.stand import PATIENCE, Stand, standing, until
from tests.system.whole import assert_whole
from tests.temporal_server import wait_until_open

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

# A moment, and the five minutes that operators are promised.
AWAY = pytest.mark.parametrize("seconds", [3, 300])
CALLS = 5


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@AWAY
async def test_calls_are_done_once_postgresql_is_back(tmp_path: Path, seconds: float) -> None:
    """Meanwhile the API answers 503 with Retry-After; calls in every phase wait, and nobody starts anything anew."""
    with postgres() as server:
        url = server.create("outdial")
        await asyncio.to_thread(_migrate, url)
        # Slow enough that a conversation may last as long as the outage.
        async with standing(tmp_path, url, simulated_speed=2) as stand:
            await _begun(stand)
            await _without(server, stand, seconds)
            await until(lambda: _ask(stand).status_code == 201, "calls are taken again")
            await _done(stand)


@AWAY
async def test_calls_are_taken_and_done_later_while_temporal_is_away(tmp_path: Path, seconds: float) -> None:
    """Rows first: 201 is answered, and the reconciler starts what was recorded."""
    url = f"sqlite:///{tmp_path / 'outdial.db'}"
    await asyncio.to_thread(_migrate, url)
    async with standing(tmp_path, url, simulated_speed=4) as stand:
        await _begun(stand)
        stand.temporal.kill()
        taken = [await asyncio.to_thread(_ask, stand) for _ in range(CALLS)]
        assert [answer.status_code for answer in taken] == [201] * CALLS
        refused = await asyncio.to_thread(_ask, stand, f"/v1/calls/{taken[0].json()['id']}/cancel")
        assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
        await asyncio.sleep(seconds)
        stand.temporal.start()
        await _done(stand)


async def _begun(stand: Stand) -> None:
    """API and worker run; a few calls are under way."""
    stand.api.start()
    stand.worker.start()
    await asyncio.to_thread(wait_until_open, stand.seen.settings.api_port, PATIENCE)
    for _ in range(CALLS):
        assert (await asyncio.to_thread(_ask, stand)).status_code == 201
    first = stand.recorded()[0]
    await until(lambda: bool(stand.seen.said(first)), "somebody talks")


async def _without(server: Postgres, stand: Stand, seconds: float) -> None:
    await asyncio.to_thread(server.crash)
    refused = await asyncio.to_thread(_ask, stand)
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    await asyncio.sleep(seconds)
    assert (await asyncio.to_thread(_ask, stand)).status_code == 503
    await asyncio.to_thread(server.start)


async def _done(stand: Stand) -> None:
    """Every call that was accepted has ended well, with one dial and one webhook."""
    calls = await stand.ended(stand.recorded())
    assert len(calls) >= CALLS
    for call in calls:
        assert_whole(stand, call, "after the outage")
    assert stand.worker.alive
    assert stand.api.alive


def _ask(stand: Stand, path: str = "/v1/call") -> httpx.Response:
    body = {
        "agent_id": stand.seen.agent.id,
        "recipient_phone": BOOKS,
        "variables": {"first_name": "Ada"},
        "webhook_url": stand.receiver.url,
    }
    return httpx.post(
        f"http://127.0.0.1:{stand.seen.settings.api_port}{path}",
        headers={"Authorization": f"Bearer {stand.key}"},
        json=body if path == "/v1/call" else None,
        trust_env=False,
        timeout=60,
    )


def _migrate(url: str) -> None:
    database = Database(url)
    migrate(database)
    database.close()
