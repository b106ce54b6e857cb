"""The whole of it, standing: API, Temporal, worker; and a client of this dialect with a token of its own."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from outdial.keys import create_key
from outdial.models.base import utc_now
from outdial.store.database import Database
from tests.api.serving import served
from tests.running import Running, running

PERSON = {
    "phone_number": "+818012345678",
    "first_name": "John",
    "last_name": "Doe",
    "phonetic_first_name": "John",
    "phonetic_last_name": "Doe",
}
PATIENCE = 40


def iso(moment: datetime) -> str:
    """An instant as this dialect prints it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def ahead(**span: float) -> str:
    """A time from now on."""
    return iso(utc_now() + timedelta(**span))


@dataclass
class Standing:
    """A client of the dialect, and the worker behind it."""

    client: httpx.AsyncClient
    worker: Running

    async def ask(self, method: str, path: str, status: int = 200, **given: Any) -> Any:
        """The answer to a request that is answered so."""
        response = await self.client.request(method, path, **given)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def schedule(self, **given: Any) -> str:
        """The uid of a new schedule."""
        campaign = await self.ask("POST", "/api/v1/campaigns", 201, json={"name": "Reminders"})
        body = {"name": "Morning", **given}
        made = await self.ask("POST", f"/api/v1/campaigns/{campaign['uid']}/schedules", 201, json=body)
        return made["uid"]

    async def add(self, schedule: str, **given: Any) -> dict[str, Any]:
        """A call that was added to the schedule."""
        query = {"force": "true"} if given.pop("force", False) else {}
        path = f"/api/v1/schedules/{schedule}/outbound_calls"
        return await self.ask("POST", path, 201, params=query, json={**PERSON, **given})

    async def change(self, schedule: str, **given: Any) -> dict[str, Any]:
        """The schedule, changed."""
        return await self.ask("PATCH", f"/api/v1/schedules/{schedule}", json=given)

    async def call(self, call: dict[str, Any]) -> dict[str, Any]:
        """The call as it stands."""
        return await self.ask("GET", f"/api/v1/outbound_calls/{call['uid']}")

    async def until(self, call: dict[str, Any], holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The call once it is so."""
        shown: dict[str, Any] = {}
        for _ in range(PATIENCE * 20):
            shown = await self.call(call)
            if holds(shown):
                return shown
            await asyncio.sleep(0.05)
        raise TimeoutError(f"the call has come to {shown}")

    async def ended(self, call: dict[str, Any]) -> dict[str, Any]:
        """The call once it has ended."""
        return await self.until(call, lambda shown: shown["status"] not in ("pending", "in_progress"))


@asynccontextmanager
async def standing(address: str, database: Database, **given: Any) -> AsyncGenerator[Standing]:
    """All of it over this Temporal server and database, until the block ends."""
    async with running(address, database, temporal_address=address, **given) as worker:
        with database.write() as session:
            _, key = create_key(session, worker.account.id, "tests")
        with served(worker.settings, database, None) as url:
            async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
                client.headers["Authorization"] = f"Bearer {await token_for(client, key)}"
                yield Standing(client, worker)


async def token_for(client: httpx.AsyncClient, key: str) -> str:
    """An access token of a new client of the account."""
    headers = {"Authorization": f"Bearer {key}"}
    made = (await client.post("/v1/oauth-clients", json={"name": "CRM"}, headers=headers)).json()
    form = {
        "grant_type": "client_credentials",
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
    }
    return (await client.post("/oauth/token", data=form)).json()["access_token"]
