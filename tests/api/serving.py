"""The real application behind a real server on this machine, over a recording of what it asks of Temporal."""

import socket
import ssl
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import uvicorn

from api.gateway import Gateway
from outdial.carriers.base import CarrierEvent
from outdial.errors import Conflict, Unavailable
from outdial.keys import create_key
from outdial.models import Account, Agent, Batch, Call
from outdial.settings import Settings
from outdial.store.database import Database
from tests.application import application
from tests.build import an_account, an_agent
from tests.temporal_server import HOST

NUMBER = "+12025550123"
# A client that is given none reads all the world's certificates, for each test anew.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass
class Recorder:
    """Stands in where Temporal is not the point: keeps what it was asked, can be away, can refuse signals."""

    asked: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    away: bool = False
    over: bool = False

    def start_call(self, call: Call) -> None:
        self._note("start_call", call.id)

    def start_deliveries(self, ids: Sequence[str]) -> None:
        self._note("start_deliveries", list(ids))

    def redeliver(self, delivery_id: str) -> None:
        self._note("redeliver", delivery_id)

    def pause(self, call_id: str) -> None:
        self._signal("pause", call_id)

    def resume(self, call_id: str) -> None:
        self._signal("resume", call_id)

    def cancel(self, call_id: str) -> None:
        self._signal("cancel", call_id)

    def reschedule(self, call_id: str, due_at: datetime) -> None:
        self._signal("reschedule", (call_id, due_at))

    def carrier_event(self, call_id: str, attempt: int, event: CarrierEvent) -> None:
        self._signal("carrier_event", (call_id, attempt, event))

    def start_batch(self, batch: Batch) -> None:
        self._note("start_batch", batch.id)

    def pause_batch(self, batch_id: str) -> None:
        self._signal("pause_batch", batch_id)

    def resume_batch(self, batch_id: str) -> None:
        self._signal("resume_batch", batch_id)

    def cancel_batch(self, batch_id: str, *, graceful: bool) -> None:
        self._signal("cancel_batch", (batch_id, graceful))

    def tell_appended(self, batch_id: str) -> None:
        self._signal("tell_appended", batch_id)

    def tell_changed(self, batch_id: str) -> None:
        self._signal("tell_changed", batch_id)

    def ping(self) -> None:
        self._note("ping", None)

    def named(self, name: str) -> list[Any]:
        """What it was asked under that name."""
        return [argument for asked, argument in self.asked if asked == name]

    def _signal(self, name: str, argument: Any) -> None:
        if self.over:
            raise Conflict("The call has already ended.")
        self._note(name, argument)

    def _note(self, name: str, argument: Any) -> None:
        if self.away:
            raise Unavailable("Temporal does not answer.")
        self.asked.append((name, argument))


@dataclass
class Api:
    """A served application, an account with an agent, and a client that has its key."""

    url: str
    database: Database
    settings: Settings
    gateway: Recorder
    account: Account
    agent: Agent
    client: httpx.Client

    def order(self, **given: Any) -> dict[str, Any]:
        """The body of a call that is accepted."""
        body = {"agent_id": self.agent.id, "recipient_phone": NUMBER, "variables": {"first_name": "Ada"}}
        return {**body, **given}

    def place(self, **given: Any) -> dict[str, Any]:
        """A placed call, as it was answered."""
        response = self.client.post("/v1/call", json=self.order(**given))
        assert response.status_code == 201, response.text
        return response.json()

    def refused(self, **given: Any) -> dict[str, Any]:
        """The problem with a call that is not accepted."""
        response = self.client.post("/v1/call", json=self.order(**given))
        assert 400 <= response.status_code < 500, response.text
        return response.json()

    def row(self, call: dict[str, Any]) -> Call:
        """The call's row."""
        with self.database.read() as session:
            return session.get_one(Call, call["id"])

    def change(self, call: dict[str, Any], **values: Any) -> None:
        """Set columns of the call's row."""
        with self.database.write() as session:
            row = session.get_one(Call, call["id"])
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)

    def stranger(self) -> httpx.Client:
        """A client with the key of another account."""
        with self.database.write() as session:
            _, secret = create_key(session, an_account(session, name="Stranger").id, "theirs")
        return client_of(self.url, secret)


def client_of(url: str, secret: str | None) -> httpx.Client:
    """A client that sends this key, on connections of its own."""
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False, verify=NO_TLS)


@contextmanager
def served(settings: Settings, database: Database, gateway: Gateway | None) -> Generator[str]:
    """The application over a socket; yields its address."""
    app = application(settings, database=database, gateway=gateway)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    # It listens before the server runs, so that nobody has to ask until it does.
    with socket.create_server((HOST, 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"http://{HOST}:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def an_api(settings: Settings, database: Database) -> Generator[Api]:
    """A served application with an account, an agent and a key."""
    gateway = Recorder()
    with database.write() as session:
        account = an_account(session)
        agent = an_agent(session, account)
        _, secret = create_key(session, account.id, "tests")
    with served(settings, database, gateway) as url, client_of(url, secret) as client:
        yield Api(url, database, settings, gateway, account, agent, client)


def eventually(holds: Any, seconds: float = 10) -> None:
    """Return once ``holds()`` is true; what follows an answer happens a moment later."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)
