"""The API over a real Temporal server, present and away."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
from temporalio.client import WorkflowExecutionStatus

from engine.connection import connect
from outdial.keys import create_key
from outdial.models import Call
from outdial.settings import Settings
from outdial.store.database import Database
from tests.api.serving import NUMBER, client_of, eventually, served
from tests.build import an_account, an_agent
from tests.temporal_server import HOST, dev_server, free_port


def test_a_placed_call_has_a_workflow_of_its_id(tmp_path: Path, some_database: Database) -> None:
    """The workflow runs under the call's id, and takes pause and cancel; once it is over they are refused."""
    with dev_server() as address, _api(tmp_path, some_database, address) as client:
        call = _place(client)
        eventually(lambda: _row(some_database, call).workflow_started)
        assert client.post(f"/v1/calls/{call}/pause").status_code == 202
        assert asyncio.run(_status(tmp_path, address, call)) is WorkflowExecutionStatus.RUNNING
        asyncio.run(_terminate(tmp_path, address, call))
        assert client.post(f"/v1/calls/{call}/cancel").status_code == 409


def test_calls_are_taken_while_temporal_is_away(tmp_path: Path, some_database: Database) -> None:
    """Without Temporal the API starts, takes calls at once and says that it is not ready; then it recovers."""
    port = free_port()
    with _api(tmp_path, some_database, f"{HOST}:{port}") as client:
        early = _place(client)
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        assert client.post(f"/v1/calls/{early}/cancel").status_code == 503
        with dev_server(port=port):
            eventually(lambda: client.get("/readyz").status_code == 200, seconds=30)
            # The signal starts the call that could not be started before, then cancels it.
            assert client.post(f"/v1/calls/{early}/cancel").status_code == 202
            assert _row(some_database, early).workflow_started


@contextmanager
def _api(folder: Path, database: Database, address: str) -> Generator[httpx.Client]:
    with database.write() as session:
        account = an_account(session)
        an_agent(session, account)
        _, secret = create_key(session, account.id, "tests")
    with served(_settings(folder, address), database, None) as url, client_of(url, secret) as client:
        yield client


def _settings(folder: Path, address: str) -> Settings:
    return Settings(data=folder / "data", temporal_address=address)


def _place(client: httpx.Client) -> str:
    agent = client.get("/v1/agents").json()["data"][0]["id"]
    body = {"agent_id": agent, "recipient_phone": NUMBER, "variables": {"first_name": "Ada"}}
    response = client.post("/v1/call", json=body)
    assert response.status_code == 201, response.text
    return response.json()["id"]


def _row(database: Database, call_id: str) -> Call:
    with database.read() as session:
        return session.get_one(Call, call_id)


async def _status(folder: Path, address: str, call_id: str) -> WorkflowExecutionStatus | None:
    client = await connect(_settings(folder, address))
    return (await client.get_workflow_handle(call_id).describe()).status


async def _terminate(folder: Path, address: str, call_id: str) -> None:
    client = await connect(_settings(folder, address))
    await client.get_workflow_handle(call_id).terminate()
