"""What an API answers that has too much to do, or whose database is away, full or locked."""

import shutil
import sqlite3
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from api.dialects.mico.failures import MicoError
from api.dialects.mico.token import TokenError
from api.dialects.revmo.failures import RevmoError
from api.dialects.temphone.envelope import TemPhoneError
from api.errors import Problem
from outdial.models import Call
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.tuning import Tuning
from tests.api.serving import Api, Recorder, an_api, client_of, eventually, served

# One address of each published shape of errors.
SHAPES: dict[str, type[BaseModel]] = {
    "/v1/calls": Problem,
    "/api/v1/campaigns": MicoError,
    "/v1/calls/scheduled": TemPhoneError,
    "/v1/makecall": RevmoError,
    "/v1/outbound-jobs": RevmoError,
}
MOST = 4


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation that answers few at once."""
    return Settings(data=tmp_path / "data", max_requests=MOST)


@pytest.fixture
def impatient(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A database whose users give up soon, and of which there are few."""
    address = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'outdial.db')}"
    database = Database(address, Tuning(busy_timeout=0.3, pool_size=1, overflow=0, pool_wait=0.3))
    yield database
    database.close()


def _must_come_again(answer: httpx.Response, shape: type[BaseModel]) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    shape.model_validate_json(answer.text)


def test_without_a_database_every_dialect_says_when_to_come_again(settings: Settings) -> None:
    """503 with Retry-After, in the shape of that dialect's other errors."""
    nowhere = Database("postgresql://nobody@127.0.0.1:9/none")
    with served(settings, nowhere, Recorder()) as url, client_of(url, "od_live_whatever") as client:
        for path, shape in SHAPES.items():
            answer = client.request("POST" if path == "/v1/makecall" else "GET", path, json={})
            _must_come_again(answer, shape)
        credentials = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
        _must_come_again(client.post("/oauth/token", data=credentials), TokenError)


def test_a_request_that_gets_no_connection_may_come_again(settings: Settings, impatient: Database) -> None:
    """Where all connections are in use for too long, and again once one is free."""
    with an_api(settings, impatient) as api:
        with impatient.engine.connect():
            _must_come_again(api.client.get("/v1/calls"), Problem)
        assert api.client.get("/v1/calls").status_code == 200


def test_a_request_that_may_not_write_may_come_again(settings: Settings, impatient: Database) -> None:
    """Where another process keeps SQLite's write lock; nothing is left behind of what was refused."""
    with an_api(settings, impatient) as api:
        with closing(sqlite3.connect(str(impatient.engine.url.database))) as other:
            other.execute("BEGIN IMMEDIATE")
            _must_come_again(api.client.post("/v1/call", json=api.order()), Problem)
            other.rollback()
        assert api.client.get("/v1/calls").json()["data"] == []
        api.place()


def test_writers_wait_together_not_one_after_the_other(settings: Settings, impatient: Database) -> None:
    """However many wait for the write lock, nobody waits longer than was set, twice at most."""
    del settings
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with impatient.write():
            held.set()
            done.wait(30)

    def fails(_: int) -> str:
        try:
            with impatient.write():
                return "wrote"
        except Exception as error:
            return type(error).__name__

    with ThreadPoolExecutor(9) as pool:
        holder = pool.submit(hold)
        held.wait(30)
        refused = list(pool.map(fails, range(8)))
        done.set()
        holder.result()
    assert set(refused) == {"TimeoutError"}


def test_more_than_it_can_answer_is_refused_at_once(settings: Settings, some_database: Database) -> None:
    """Whoever is taken is answered, the others may come again; health and metrics are told all the while."""
    with _blocked(settings, some_database) as (api, release), ThreadPoolExecutor(3 * MOST) as pool:
        asked = [pool.submit(_place, api) for _ in range(3 * MOST)]
        refused = [each for each in asked if (answer := _answer_now(each)) is not None and answer.is_error]
        for each in refused:
            _must_come_again(each.result(), Problem)
        for path in ("/healthz", "/metrics"):
            assert api.client.get(path).status_code == 200
        release.set()
        taken = [each.result() for each in asked if each not in refused]
        assert {answer.status_code for answer in taken} == {201}
        assert len(refused) >= MOST
        # What is done after an answer counts, too.
        eventually(lambda: _place(api).status_code == 201)


def test_a_dialect_is_refused_in_its_own_shape(settings: Settings, some_database: Database) -> None:
    """Also where nothing of it was looked at but its address."""
    full = settings.model_copy(update={"max_requests": 0})
    with an_api(full, some_database) as api:
        for path, shape in SHAPES.items():
            _must_come_again(api.client.get(path), shape)


@contextmanager
def _blocked(settings: Settings, database: Database) -> Generator[tuple[Api, threading.Event]]:
    """An API whose requests are not done before the event is set: what follows their answers waits for it."""
    release = threading.Event()
    with an_api(settings, database) as api:
        before = api.gateway.start_call

        def wait(call: Call) -> None:
            release.wait(30)
            before(call)

        api.gateway.start_call = wait
        yield api, release


def _place(api: Api) -> httpx.Response:
    secret = api.client.headers["Authorization"].removeprefix("Bearer ")
    with client_of(api.url, secret) as client:
        return client.post("/v1/call", json=api.order())


def _answer_now(asked: Any) -> httpx.Response | None:
    try:
        return asked.result(timeout=10)
    except TimeoutError:
        return None
