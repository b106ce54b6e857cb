"""Bad input of any kind is answered in the documented shape, never with a 500."""

import json
from typing import Any

import httpx
import pytest
from fastapi import Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from api.app import create_app
from api.errors import Failure, use_renderer
from outdial.settings import Settings
from outdial.store.database import Database
from tests.api.serving import Api, Recorder

JSON = {"Content-Type": "application/json"}
SHAPE = {"type", "title", "status", "code", "detail", "request_id", "errors"}

BODIES = {
    "empty": b"",
    "not JSON": b"{",
    "a list": b"[]",
    "null": b"null",
    "a text": b'"call"',
    "not UTF-8": b'{"agent_id": "\xff\xfe"}',
    "UTF-16": '{"agent_id": "x"}'.encode("utf-16"),
    "deep": b"[" * 50_000 + b"]" * 50_000,
    "deep and whole": b'{"agent_id": "x", "metadata": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}",
    "a huge number": b'{"agent_id": ' + b"9" * 5_000 + b"}",
    "two values": b"{}{}",
}

VALUES: list[Any] = [
    "a\0b",
    "\ud800",
    10**400,
    -(10**18),
    1e308,
    True,
    None,
    [],
    {},
    {"a\0b": 1},
    "x" * 100_000,
    "' OR 1=1 --",
    "𝒳\u202e\ufeff",
]
FIELDS = (
    "agent_id",
    "recipient_phone",
    "variables",
    "schedule_at",
    "timezone",
    "max_duration_seconds",
    "caller_id",
    "recording_enabled",
    "webhook_url",
    "metadata",
    "retry",
)


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_request_is_a_4xx(refusing: Api, name: str) -> None:
    """Whatever is sent, the answer is a problem."""
    for path in ("/v1/call", "/v1/agents", "/v1/keys", "/v1/do-not-call"):
        _is_problem(refusing.client.post(path, content=BODIES[name], headers=JSON))


def test_no_value_of_any_field_is_a_500(api: Api) -> None:
    """NUL, half surrogates, huge numbers, wrong types: accepted or refused, never a crash."""
    for value in VALUES:
        for field in FIELDS:
            _answers(api, _escaped(api.order(**{field: value})))
        _answers(api, _escaped(api.order(variables={"first_name": "Ada", "x": value})))
        _answers(api, _escaped(api.order(metadata={"nested": [value]})))


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_json_does_not_have_is_refused(api: Api, token: str) -> None:
    """NaN and infinities are refused before a database sees them."""
    body = (
        f'{{"agent_id": "{api.agent.id}", "recipient_phone": "+12025550123", "metadata": {{"n": {token}}}}}'
    )
    _is_problem(api.client.post("/v1/call", content=body, headers=JSON))


@pytest.mark.parametrize(
    "path", ["/v1/calls/%00", "/v1/agents/a%00b", "/v1/calls?outcome=%00", "/v1/keys?x=%00"]
)
def test_nul_in_an_address_is_refused(api: Api, path: str) -> None:
    """No text of a database holds NUL, so such an address names nothing."""
    _is_problem(api.client.get(path))


@pytest.mark.parametrize(
    "path", ["/v1/calls/%ff%fe", "/v1/calls/" + "x" * 5_000, "/v1/agents/%F0%9F%92%A9/versions"]
)
def test_a_strange_id_is_a_404(api: Api, path: str) -> None:
    """Ids that can't be ours are not found."""
    assert api.client.get(path).status_code == 404


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_another_media_type_is_a_415(refusing: Api, media_type: str) -> None:
    """A body must say that it is JSON."""
    response = refusing.client.post("/v1/call", content=b"{}", headers={"Content-Type": media_type})
    assert (response.status_code, _is_problem(response)["code"]) == (415, "unsupported_media_type")


def test_a_large_body_is_a_413(refusing: Api) -> None:
    """A body over the limit is refused, whether its size is announced or found out."""
    large = b" " * (refusing.settings.max_body_bytes + 1)
    announced = refusing.client.post("/v1/call", content=large, headers=JSON)
    streamed = refusing.client.post("/v1/call", content=iter([large]), headers=JSON)
    assert (announced.status_code, streamed.status_code) == (413, 413)
    _is_problem(announced)


def test_an_unknown_address_is_a_problem(refusing: Api) -> None:
    """404 and 405 have the same shape as every other error, and 405 says what is allowed."""
    missing = refusing.client.get("/v1/nothing")
    wrong = refusing.client.put("/v1/calls")
    assert (missing.status_code, _is_problem(missing)["code"]) == (404, "not_found")
    assert (wrong.status_code, _is_problem(wrong)["code"]) == (405, "method_not_allowed")
    assert "Allow" in wrong.headers


def test_a_fault_of_ours_is_a_500_with_the_request_id(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """The outside world learns the request id, the log learns the cause."""
    app = create_app(settings, gateway=Recorder())
    app.add_api_route("/fault", _fault)
    with TestClient(app) as client:
        response = client.get("/fault", headers={"X-Request-Id": "abc-1"})
    problem = response.json()
    assert (response.status_code, problem["code"], problem["request_id"]) == (500, "internal", "abc-1")
    assert "kaput" not in response.text
    assert "kaput" in caplog.text


def test_a_database_that_is_away_is_a_503(settings: Settings) -> None:
    """The caller is told to come back."""
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    with TestClient(create_app(settings, database=away, gateway=Recorder())) as client:
        response = client.get("/v1/calls", headers={"Authorization": "Bearer x"})
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response.headers["Retry-After"] == "5"


def test_a_dialect_has_errors_of_its_own_shape(settings: Settings) -> None:
    """Below a prefix every failure, an unknown address and a crash too, takes that renderer's shape."""
    app = create_app(settings, gateway=Recorder())
    app.add_api_route("/dialect/fault", _fault)
    use_renderer(app, "/dialect", _dialect)
    with TestClient(app) as client:
        answers = [client.get("/dialect/nothing"), client.get("/dialect/fault")]
        native = client.get("/nothing")
    assert [answer.json()["status"] for answer in answers] == ["error", "error"]
    assert [answer.status_code for answer in answers] == [404, 500]
    assert native.json()["code"] == "not_found"


def test_request_ids_are_kept_or_made(refusing: Api) -> None:
    """A good id of the caller comes back; any other is replaced."""
    kept = refusing.client.get("/healthz", headers={"X-Request-Id": "trace-42"})
    made = refusing.client.get("/healthz", headers={"X-Request-Id": "bad id; drop table"})
    assert kept.headers["X-Request-Id"] == "trace-42"
    assert made.headers["X-Request-Id"].startswith("req_")


def test_every_answer_has_security_headers(refusing: Api) -> None:
    """Sniffing, framing and foreign sources are off, on errors as well."""
    for path in ("/healthz", "/v1/nothing", "/docs"):
        headers = refusing.client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'self'" in headers["Content-Security-Policy"]


def _answers(api: Api, body: bytes) -> None:
    response = api.client.post("/v1/call", content=body, headers=JSON)
    if response.status_code != 201:
        _is_problem(response)


def _is_problem(response: httpx.Response) -> dict[str, Any]:
    assert 400 <= response.status_code < 500, (response.status_code, response.text)
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert set(problem) == SHAPE
    assert problem["status"] == response.status_code
    return problem


def _escaped(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _fault() -> None:
    raise RuntimeError("kaput")


def _dialect(_request: Request, failure: Failure) -> JSONResponse:
    return JSONResponse({"status": "error", "message": failure.detail}, failure.status)
