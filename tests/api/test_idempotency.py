"""The same request under the same key is done once."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import Any

import httpx
import pytest
from sqlmodel import select

from outdial.models import Call, IdempotentRequest
from outdial.models.base import utc_now
from outdial.store import idempotency
from outdial.store.database import Database
from outdial.store.idempotency import claim
from tests.api.serving import Api, Recorder, served

KEY = "order-17"


def test_a_repeated_request_gets_the_same_answer(api: Api) -> None:
    """Same key and body: the same status and body, marked as a replay, and one call."""
    first, second = _post(api), _post(api)
    assert (second.status_code, second.json()) == (201, first.json())
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(_calls(api)) == 1


def test_the_answer_is_the_first_one_even_when_the_call_has_moved(api: Api) -> None:
    """A replay tells what was answered, not what has become of it."""
    first = _post(api)
    api.change(first.json(), paused=True)
    assert _post(api).json()["paused"] is False


def test_the_order_of_fields_does_not_matter(lite: Api) -> None:
    """The same values are the same request however they are written."""
    body = lite.order()
    first = lite.client.post("/v1/call", json=body, headers={"Idempotency-Key": KEY})
    turned = dict(reversed(body.items()))
    second = lite.client.post("/v1/calls", json=turned, headers={"Idempotency-Key": KEY})
    assert second.json()["id"] == first.json()["id"]


def test_another_body_under_the_same_key_is_refused(api: Api) -> None:
    """A key belongs to one request."""
    _post(api)
    other = _post(api, recipient_phone="+12025550124")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(_calls(api)) == 1


def test_accounts_do_not_share_keys(api: Api) -> None:
    """Another account may use the same key; it finds its own agents only."""
    _post(api)
    with api.stranger() as stranger:
        response = stranger.post("/v1/call", json=api.order(), headers={"Idempotency-Key": KEY})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_refused_request_leaves_its_key_free(api: Api) -> None:
    """After a mistake is corrected the same key may be used."""
    assert _post(api, variables={}).status_code == 422
    assert _post(api).status_code == 201


def test_without_a_key_each_request_is_its_own(api: Api) -> None:
    """Two requests without a key are two calls."""
    api.place()
    api.place()
    assert len(_calls(api)) == 2


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(refusing: Api, key: str) -> None:
    """Any other is refused with the header's name."""
    response = refusing.client.post("/v1/call", json=refusing.order(), headers={"Idempotency-Key": key})
    assert response.json()["errors"][0]["field"] == "Idempotency-Key"


def test_a_key_is_free_again_after_its_lifetime(api: Api) -> None:
    """An answer that is too old is forgotten."""
    first = _post(api).json()
    with api.database.write() as session:
        kept = session.exec(select(IdempotentRequest)).one()
        kept.created_at -= timedelta(seconds=api.settings.idempotency_lifetime + 1)
        session.add(kept)
    again = _post(api)
    assert again.status_code == 201
    assert again.json()["id"] != first["id"]


def test_concurrent_duplicates_place_one_call(api: Api) -> None:
    """Twenty at once: one call, and all of them get its answer."""
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(_post, [api] * 20))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(_calls(api)) == 1


def test_concurrent_duplicates_at_two_processes_place_one_call(api: Api) -> None:
    """The database decides, not the process: a second server with a pool of its own changes nothing."""
    with _second_server(api) as other, ThreadPoolExecutor(20) as threads:
        clients = [api.client, other] * 10
        answers = list(threads.map(_send, clients, [api.order()] * 20))
    assert {answer.status_code for answer in answers} == {201}
    assert len(_calls(api)) == 1


def test_concurrent_duplicates_with_other_bodies_place_one_call(api: Api) -> None:
    """Of different requests under one key the first is done and the others are refused."""
    bodies = [api.order(recipient_phone=f"+120255501{index:02}") for index in range(10)]
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(_send, [api.client] * 10, bodies))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 9
    assert len(_calls(api)) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_first_request_that_takes_too_long_is_a_409(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a key for too long is told so; SQLite's one writer is waited for."""
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", 1)
    held, done = Event(), Event()
    with ThreadPoolExecutor(1) as thread:
        holding = thread.submit(_hold_key, api, held, done)
        held.wait()
        response = _post(api)
        done.set()
        holding.result()
    assert (response.status_code, response.json()["code"]) == (409, "in_flight")


def _hold_key(api: Api, held: Event, done: Event) -> None:
    with api.database.write() as session:
        row = claim(session, api.account.id, KEY, "another", utc_now())
        held.set()
        done.wait()
        row.status_code, row.body = 201, "{}"


def _post(api: Api, **given: Any) -> httpx.Response:
    return _send(api.client, api.order(**given))


def _send(client: httpx.Client, body: dict[str, Any]) -> httpx.Response:
    return client.post("/v1/call", json=body, headers={"Idempotency-Key": KEY})


def _calls(api: Api) -> list[Call]:
    with api.database.read() as session:
        return list(session.exec(select(Call)))


@contextmanager
def _second_server(api: Api) -> Generator[httpx.Client]:
    database = Database(api.database.engine.url.render_as_string(hide_password=False))
    with (
        served(api.settings, database, Recorder()) as url,
        httpx.Client(trust_env=False, timeout=30) as client,
    ):
        client.base_url, client.headers = url, api.client.headers
        yield client
