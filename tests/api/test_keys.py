"""Keys: made, used, revoked; and the account behind them."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from outdial.models import ApiKey
from outdial.models.base import utc_now
from tests.api.serving import Api, client_of, eventually
from tests.build import a_call


def test_a_new_key_opens_the_api(api: Api) -> None:
    """The secret is shown once and works at once."""
    made = api.client.post("/v1/keys", json={"name": "Booking"}).json()
    assert made["secret"].startswith("od_live_")
    assert made["prefix"] == made["secret"][:12]
    with client_of(api.url, made["secret"]) as client:
        assert client.get("/v1/account").json()["id"] == api.account.id
    listed = api.client.get("/v1/keys").json()["data"]
    assert all("secret" not in key for key in listed)


def test_only_the_hash_is_kept(lite: Api) -> None:
    """Nothing in the key's row is the secret."""
    secret = lite.client.post("/v1/keys", json={"name": "Booking"}).json()["secret"]
    with lite.database.read() as session:
        kept = [str(key.model_dump()) for key in session.exec(select(ApiKey))]
    assert not any(secret in row for row in kept)


def test_a_revoked_key_opens_nothing(api: Api) -> None:
    """Revoking holds from the next request on, and can be repeated."""
    made = api.client.post("/v1/keys", json={"name": "Booking"}).json()
    first = api.client.delete(f"/v1/keys/{made['id']}").json()
    assert api.client.delete(f"/v1/keys/{made['id']}").json()["revoked_at"] == first["revoked_at"]
    with client_of(api.url, made["secret"]) as client:
        assert client.get("/v1/account").status_code == 401


def test_the_last_use_is_noted_once_a_minute(api: Api) -> None:
    """The first request notes the time; those of the same minute do not write it again."""
    api.client.get("/v1/account")
    eventually(lambda: _last_use(api) is not None)
    noted = _last_use(api)
    api.client.get("/v1/account")
    assert _last_use(api) == noted
    with api.database.write() as session:
        key = session.exec(select(ApiKey)).one()
        key.last_used_at = utc_now() - timedelta(minutes=2)
        session.add(key)
    api.client.get("/v1/account")
    eventually(lambda: (_last_use(api) or utc_now()) > utc_now() - timedelta(minutes=1))


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer od_live_unknown", "Basic dTpw", "Bearer ÿ"])
def test_without_a_good_key_nothing_is_answered(refusing: Api, header: str | None) -> None:
    """401 in the documented shape, with the scheme that is expected."""
    headers = [(b"Authorization", header.encode())] if header else []
    with client_of(refusing.url, None) as client:
        response = client.get("/v1/calls", headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_the_account_shows_its_limits_and_lines(api: Api) -> None:
    """Plan, lines, lines in use and the largest batch."""
    with api.database.write() as session:
        a_call(session, api.agent)
    account = api.client.get("/v1/account").json()
    assert {name: account[name] for name in ("plan", "lines", "lines_in_use", "max_batch_size")} == {
        "plan": "growth",
        "lines": 3,
        "lines_in_use": 0,
        "max_batch_size": 500,
    }


def _last_use(api: Api) -> datetime | None:
    with api.database.read() as session:
        return session.exec(select(ApiKey.last_used_at)).one()
