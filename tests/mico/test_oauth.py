"""OAuth clients and their tokens."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from outdial.models.base import utc_now
from outdial.oauth.tokens import TokenRefused, Tokens
from tests.api.serving import Api, client_of

KEY, OTHER = "Yl6dxTYNzJ4rDRvHjWrBIxdMXWYj5XUpZ1sQUxPZXXA=", "mZkK5Jc3iFq0Xq0m3p9bJm2zYJt1bQ2Jm3n4o5p6q7c="
HOUR = timedelta(hours=1)


def a_client(api: Api, **given: Any) -> dict[str, Any]:
    """A new client of the account, with its secret."""
    response = api.client.post("/v1/oauth-clients", json={"name": "CRM", **given})
    assert response.status_code == 201, response.text
    return response.json()


def ask(api: Api, client: dict[str, Any], **given: Any) -> httpx.Response:
    """The answer to a request for a token."""
    form = {
        "grant_type": "client_credentials",
        **{name: client[name] for name in ("client_id", "client_secret")},
    }
    return httpx.post(f"{api.url}/oauth/token", data={**form, **given}, trust_env=False, timeout=30)


def test_a_client_gets_a_token_that_opens_the_routes(api: Api) -> None:
    """A bearer token of an hour; so does the id and secret by HTTP Basic."""
    client = a_client(api)
    answer = ask(api, client)
    assert answer.headers["Cache-Control"] == "no-store"
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 3600)
    with client_of(api.url, answer.json()["access_token"]) as bearer:
        assert bearer.get("/api/v1/campaigns").status_code == 200
    basic = httpx.post(
        f"{api.url}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(client["client_id"], client["client_secret"]),
        trust_env=False,
        timeout=30,
    )
    assert basic.status_code == 200


def test_a_token_does_what_its_scopes_say(lite: Api) -> None:
    """With reading alone, writing is refused; more than the client may have is not given."""
    client = a_client(lite, scopes=["campaigns:read", "campaigns:write"])
    token = ask(lite, client, scope="campaigns:read").json()
    assert token["scope"] == "campaigns:read"
    with client_of(lite.url, token["access_token"]) as bearer:
        assert bearer.get("/api/v1/campaigns").status_code == 200
        refused = bearer.post("/api/v1/campaigns", json={"name": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert ask(lite, client, scope="outbound_calls:read").json()["error"] == "invalid_scope"
    assert ask(lite, client, scope="everything").json()["error"] == "invalid_scope"


def test_a_revoked_client_is_shut_out_with_its_tokens(api: Api) -> None:
    """It gets no token, and the one that it has opens nothing."""
    client = a_client(api)
    token = ask(api, client).json()["access_token"]
    api.client.delete(f"/v1/oauth-clients/{client['client_id']}")
    assert ask(api, client).json()["error"] == "invalid_client"
    with client_of(api.url, token) as bearer:
        assert bearer.get("/api/v1/campaigns").status_code == 401


def test_secrets_are_shown_once(lite: Api) -> None:
    """The listing has none."""
    client = a_client(lite)
    shown = lite.client.get("/v1/oauth-clients").json()["data"][0]
    assert shown["client_id"] == client["client_id"]
    assert client["client_secret"] not in str(shown)


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        (
            {"grant_type": "client_credentials", "client_id": "oac_x\0", "client_secret": "é"},
            401,
            "invalid_client",
        ),
    ],
)
def test_other_requests_get_no_token(lite: Api, form: dict[str, str], status: int, error: str) -> None:
    """The answer is in the words of RFC 6749."""
    response = httpx.post(f"{lite.url}/oauth/token", data=form, trust_env=False, timeout=30)
    assert (response.status_code, response.json()["error"]) == (status, error)


def test_nothing_opens_without_a_token(lite: Api) -> None:
    """No token, a broken one and none of ours are refused alike."""
    for secret in (None, "a.b.c", "nonsense"):
        with client_of(lite.url, secret) as nobody:
            answer = nobody.get("/api/v1/campaigns")
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_token_ends_with_its_time() -> None:
    """A second after its end it is refused."""
    now, tokens = utc_now(), Tokens([KEY], HOUR)
    token = tokens.issue("oac_1", ["campaigns:read"], now)
    assert tokens.read(token, now + HOUR - timedelta(seconds=2)).client_id == "oac_1"
    with pytest.raises(TokenRefused):
        tokens.read(token, now + HOUR + timedelta(seconds=2))


def test_a_token_outlives_a_rotation_of_keys() -> None:
    """An older key is accepted while it is listed, and no longer."""
    now = utc_now()
    token = Tokens([KEY], HOUR).issue("oac_1", [], now)
    assert Tokens([OTHER, KEY], HOUR).read(token, now).client_id == "oac_1"
    with pytest.raises(TokenRefused):
        Tokens([OTHER], HOUR).read(token, now)


def test_a_changed_token_is_refused() -> None:
    """No scope can be written into it."""
    now, tokens = utc_now(), Tokens([KEY], HOUR)
    head, body, signature = tokens.issue("oac_1", ["campaigns:read"], now).split(".")
    other = tokens.issue("oac_2", ["campaigns:write"], now).split(".")[1]
    for forged in (f"{head}.{other}.{signature}", f"{head}.{body}.", "eyJhbGciOiJub25lIn0." + body + "."):
        with pytest.raises(TokenRefused):
            tokens.read(forged, now)
