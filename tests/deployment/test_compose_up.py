"""What `docker compose up --scale api=2 --scale worker=2` would run, run without an engine.

The same commands with the same environment as processes. In the place of the other containers: PostgreSQL from its
binaries, the Temporal dev server; what a network and volumes would do is done by addresses and folders.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url

from outdial.cli.demo.people import AGENT, PEOPLE, order
from tests.deployment.composed import composition, environment_of, example, image, unpack
from tests.postgres import Postgres
from tests.temporal_server import HOST, dev_server, free_port

KEY = "a key of our own choice"
VALUES = example(
    POSTGRES_PASSWORD="sesame",
    OUTDIAL_SECRET_KEYS="Yl6dxTYNzJ4rDRvHjWrBIxdMXWYj5XUpZ1sQUxPZXXA=",
    OUTDIAL_API_KEY=KEY,
    OUTDIAL_SIMULATED_SPEED="20",
)
SERVICES: dict[str, dict[str, Any]] = composition(VALUES)["services"]
PATIENCE = 120


@dataclass
class Container:
    """A process in a container's place."""

    service: dict[str, Any]
    environment: dict[str, str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = self.service.get("command", image().command)
        self.process = subprocess.Popen(_here(command), cwd=self.folder, env=self._all())

    @property
    def is_healthy(self) -> bool:
        """As the engine would ask it."""
        own = self.service.get("healthcheck", {}).get("test")
        check = own or ["CMD", *image().healthcheck]
        port = self.environment["OUTDIAL_API_PORT"]
        command = [word.replace("8000", port) for word in check[1:]]
        if check[0] == "CMD-SHELL":
            command = ["sh", "-c", *command]
        return (
            subprocess.run(_here(command), env=self._all(), capture_output=True, check=False).returncode == 0
        )

    def stop(self) -> bool:
        """Whether it leaves in time once it is told to; killed otherwise."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        grace = float(self.service.get("stop_grace_period", "10s").removesuffix("s"))
        try:
            return self.process.wait(grace) in (0, -signal.SIGTERM)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return False

    def _all(self) -> dict[str, str]:
        return {**os.environ, **self.environment}


def _here(command: list[str]) -> list[str]:
    return [sys.executable if word == "python" else word for word in command]


class Host:
    """The network and the volumes: where each name leads on this machine."""

    def __init__(self, folder: Path, temporal: str, postgres: Postgres) -> None:
        self._folder = folder
        self._temporal = temporal
        self._postgres = postgres
        unpack(folder)

    def container(self, name: str) -> Container:
        """One more of that service."""
        service, own = SERVICES[name], self._folder / f"{name}-{free_port()}"
        own.mkdir()
        environment = environment_of(service, VALUES)
        environment |= {
            "PATH": os.environ["PATH"],
            "OUTDIAL_DATABASE_URL": self._database(environment["OUTDIAL_DATABASE_URL"]),
            "OUTDIAL_TEMPORAL_ADDRESS": environment["OUTDIAL_TEMPORAL_ADDRESS"].replace(
                "temporal:7233", self._temporal
            ),
            "OUTDIAL_DATA": environment["OUTDIAL_DATA"].replace("/data", str(self._folder / "data")),
            "OUTDIAL_WORKER_ALIVE_FILE": environment["OUTDIAL_WORKER_ALIVE_FILE"].replace("/tmp", str(own)),
            "OUTDIAL_API_PORT": str(free_port()),
            "OUTDIAL_WORKER_METRICS_PORT": str(free_port()),
        }
        return Container(service, environment, self._folder)

    def _database(self, composed: str) -> str:
        """The same user, password and database at the socket of our server."""
        url, here = make_url(composed), make_url(self._postgres.url())
        assert (url.host, url.port) == ("postgres", 5432)
        return url._replace(host=None, port=None, query=here.query).render_as_string(hide_password=False)


@pytest.fixture
def host(tmp_path: Path, postgres_server: Postgres) -> Iterator[Host]:
    """PostgreSQL as its container would begin, and a Temporal server."""
    made = SERVICES["postgres"]["environment"]
    postgres_server.run(f"CREATE ROLE {made['POSTGRES_USER']} LOGIN PASSWORD '{made['POSTGRES_PASSWORD']}'")
    postgres_server.run(f"CREATE DATABASE {made['POSTGRES_DB']} OWNER {made['POSTGRES_USER']}")
    with dev_server() as temporal:
        yield Host(tmp_path, temporal, postgres_server)
    postgres_server.run(f"DROP DATABASE {made['POSTGRES_DB']} WITH (FORCE)")
    postgres_server.run(f"DROP ROLE {made['POSTGRES_USER']}")


@pytest.mark.slow
def test_the_demos_calls_through_two_apis_and_two_workers(host: Host) -> None:
    """Set up, started, healthy, called through, and stopped in time: as the compose file says."""
    setup = host.container("setup")
    setup.start()
    assert setup.process
    assert setup.process.wait(PATIENCE) == 0
    apis, workers = ([host.container(name) for _ in range(2)] for name in ("api", "worker"))
    running = [*apis, *workers]
    for each in running:
        each.start()
    try:
        wait_until(lambda: all(each.is_healthy for each in running))
        assert outcomes(*(f"http://{HOST}:{api.environment['OUTDIAL_API_PORT']}" for api in apis)) == {
            "Ada": "BOOKED",
            "Boris": "REFUSED",
            "Chiara": "BOOKED",
            "Dev": "NO_ANSWER",
            "Emeka": "VOICEMAIL",
            "Fatima": "OPT_OUT",
        }
    finally:
        left = [each.stop() for each in running]
    assert left == [True] * len(running)


def outcomes(first: str, second: str) -> dict[str, str]:
    """What became of the demo's people: placed at one API, read at the other."""
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        httpx.Client(base_url=first, headers=headers, trust_env=False, timeout=30) as one,
        httpx.Client(base_url=second, headers=headers, trust_env=False, timeout=30) as other,
    ):
        agent = one.post("/v1/agents", json=AGENT).raise_for_status().json()["id"]
        placed = {
            person.name: one.post("/v1/call", json=order(person, agent)).raise_for_status().json()["id"]
            for person in PEOPLE
        }
        wait_until(lambda: all(_call(other, call)["ended_at"] for call in placed.values()))
        return {name: _call(other, call)["outcome"] for name, call in placed.items()}


def _call(client: httpx.Client, call_id: str) -> dict[str, Any]:
    return client.get(f"/v1/calls/{call_id}").raise_for_status().json()


def wait_until(holds: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.5)
