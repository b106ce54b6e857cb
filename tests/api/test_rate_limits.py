"""Rate limits: so many requests of one key, told in headers, refused with 429 in every dialect's shape."""

from collections.abc import Iterator

import httpx
import pytest

from api.rate_limits import RateLimits
from outdial.errors import Invalid
from outdial.keys import create_key
from outdial.settings import Settings
from outdial.store.database import Database
from tests.api.serving import Api, an_api, client_of

PER_HOUR = 5


@pytest.fixture
def strict(settings: Settings, some_database: Database) -> Iterator[Api]:
    """An installation that takes five requests an hour of a key."""
    few = settings.model_copy(update={"rate_limit": f"{PER_HOUR}/hour"})
    with an_api(few, some_database) as served:
        yield served


def use_up(client: httpx.Client) -> httpx.Response:
    """The first answer beyond the limit."""
    for _ in range(PER_HOUR):
        assert client.get("/v1/account").status_code == 200
    return client.get("/v1/account")


def test_answers_tell_what_is_left(strict: Api) -> None:
    """In the standard's fields and in those of its earlier drafts."""
    headers = strict.client.get("/v1/account").headers
    assert headers["RateLimit-Policy"] == '"key";q=5;w=3600'
    assert headers["RateLimit"].startswith('"key";r=4;t=')
    assert (headers["RateLimit-Limit"], headers["RateLimit-Remaining"]) == ("5", "4")
    assert 0 < int(headers["RateLimit-Reset"]) <= 3600


def test_errors_tell_it_too(strict: Api) -> None:
    """A refused request counts as well."""
    response = strict.client.get("/v1/calls/call_unknown")
    assert (response.status_code, response.headers["RateLimit-Remaining"]) == (404, "4")


def test_one_request_too_many_is_429(strict: Api) -> None:
    """With the time to wait."""
    response = use_up(strict.client)
    assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
    assert 3500 < int(response.headers["Retry-After"]) <= 3600
    assert response.headers["RateLimit-Remaining"] == "0"


def test_a_dialects_429_has_its_shape(strict: Api) -> None:
    """The envelope of one, the result of the other."""
    use_up(strict.client)
    scheduled = strict.client.post("/v1/calls/scheduled", json={})
    assert (scheduled.status_code, scheduled.json()["status"], scheduled.json()["data"]) == (
        429,
        "error",
        None,
    )
    assert "Retry-After" in scheduled.headers
    made = strict.client.post("/v1/makecall/", json={})
    assert (made.status_code, made.json()["result"]) == (429, "Error")


def test_each_key_has_its_own_limit(strict: Api) -> None:
    """Another key of the same account is not held back."""
    use_up(strict.client)
    with strict.database.write() as session:
        _, secret = create_key(session, strict.account.id, "another")
    with client_of(strict.url, secret) as client:
        assert client.get("/v1/account").status_code == 200


def test_unknown_keys_are_not_counted(strict: Api) -> None:
    """They are 401, however often they come, and carry no limit."""
    with client_of(strict.url, "od_live_unknown") as client:
        answers = [client.get("/v1/account") for _ in range(PER_HOUR + 1)]
    assert {answer.status_code for answer in answers} == {401}
    assert "RateLimit" not in answers[-1].headers


def test_the_limit_can_be_switched_off(settings: Settings, some_database: Database) -> None:
    """An empty setting counts nothing."""
    free = settings.model_copy(update={"rate_limit": ""})
    with an_api(free, some_database) as served:
        assert "RateLimit" not in served.client.get("/v1/account").headers


def test_a_limit_that_can_not_be_read_is_explained(settings: Settings) -> None:
    """At the start, with the setting's name."""
    with pytest.raises(Invalid, match="OUTDIAL_RATE_LIMIT"):
        RateLimits(settings.model_copy(update={"rate_limit": "often"}))
