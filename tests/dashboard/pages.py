"""The served dashboard and signed-in clients, for what needs no browser."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from outdial import members
from outdial.models import Account, Agent, Call
from outdial.models.base import utc_now
from outdial.models.member import Role
from outdial.settings import Settings
from outdial.store.database import Database
from tests.api.serving import NO_TLS, Recorder, served
from tests.build import a_call, an_account, an_agent

PASSWORD = "correct horse battery"


@dataclass
class Pages:
    """A served application with an account and an agent."""

    url: str
    database: Database
    settings: Settings
    gateway: Recorder
    account: Account
    agent: Agent
    known: set[str] = field(default_factory=set[str])

    def stranger(self) -> httpx.Client:
        """A browser that is not signed in."""
        headers = {"Origin": self.url, "Sec-Fetch-Site": "same-origin"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False, verify=NO_TLS)

    def member(self, role: Role, email: str) -> None:
        """Somebody who can sign in; there already if a test before this one asked."""
        if email in self.known:
            return
        self.known.add(email)
        now = utc_now()
        with self.database.write() as session:
            _, token = members.invite(session, self.account.id, role, now, email=email)
            members.join(session, token, email, PASSWORD, now)

    def signed_in(self, role: Role) -> httpx.Client:
        """The browser of a new member with that role."""
        email = f"{role}@example.com"
        self.member(role, email)
        client = self.stranger()
        answer = client.post("/dashboard/sign-in", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    def call(self, **given: Any) -> Call:
        """A recorded call."""
        with self.database.write() as session:
            return a_call(session, self.agent, **given)


def csrf_of(client: httpx.Client) -> str:
    """The token that this browser's forms carry."""
    found = re.search(r'name="csrf" value="(\w+)"', client.get("/dashboard/settings").text)
    assert found
    return found[1]


def post(client: httpx.Client, address: str, **fields: Any) -> httpx.Response:
    """Send one of the dashboard's forms."""
    return client.post(address, data={"csrf": csrf_of(client), **fields})


@contextmanager
def some_pages(settings: Settings, database: Database) -> Generator[Pages]:
    """The dashboard is served within the block."""
    gateway = Recorder()
    with database.write() as session:
        account = an_account(session)
        agent = an_agent(session, account)
    with served(settings, database, gateway) as url:
        yield Pages(url, database, settings, gateway, account, agent)
