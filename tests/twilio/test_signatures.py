"""Callbacks are taken from Twilio alone: forms, JSON bodies and sockets, behind a proxy too."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from twilio.request_validator import RequestValidator
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from outdial.carriers.twilio.signatures import opens_relay, relay_token
from outdial.store.database import Database
from tests.api.serving import Api, an_api
from tests.twilio.world import AUTH_TOKEN, twilio_settings

PUBLIC = "https://outdial.example"
TARGET = "/carriers/twilio/calls/call_1/1/status"
FIELDS = {"CallSid": "CA1", "CallStatus": "ringing", "Note": "₹ & more"}


@pytest.fixture
def api(some_database: Database, tmp_path: Path) -> Iterator[Api]:
    """The API as Twilio reaches it through a proxy: it listens elsewhere than where it is known."""
    settings = twilio_settings(some_database, tmp_path, PUBLIC, "http://127.0.0.1:1")
    with an_api(settings, some_database) as served:
        yield served


def _signed(url: str, fields: dict[str, str], token: str = AUTH_TOKEN) -> dict[str, str]:
    validator: Any = RequestValidator(token)
    return {"X-Twilio-Signature": str(validator.compute_signature(url, fields))}


def _post(api: Api, target: str, headers: dict[str, str]) -> int:
    return httpx.post(api.url + target, data=FIELDS, headers=headers, trust_env=False, timeout=30).status_code


def test_a_form_signed_over_the_public_address_is_taken(api: Api) -> None:
    """Though the proxy hands it on to another address."""
    assert _post(api, TARGET, _signed(PUBLIC + TARGET, FIELDS)) == 204


def test_the_query_belongs_to_what_is_signed(api: Api) -> None:
    """Unchanged, as it was sent."""
    target = f"{TARGET}?b=2%20&a=1"
    assert _post(api, target, _signed(PUBLIC + target, FIELDS)) == 204
    assert _post(api, target, _signed(PUBLIC + TARGET, FIELDS)) == 403


def test_a_form_signed_over_the_inner_address_is_refused(api: Api) -> None:
    """Twilio knows only the public one."""
    assert _post(api, TARGET, _signed(api.url + TARGET, FIELDS)) == 403


@pytest.mark.parametrize(
    "headers", [{}, {"X-Twilio-Signature": "bm8="}, _signed(PUBLIC + TARGET, FIELDS, "b" * 32)]
)
def test_whoever_does_not_have_the_token_is_refused(api: Api, headers: dict[str, str]) -> None:
    """No signature, a wrong one, or one by another token."""
    assert _post(api, TARGET, headers) == 403


def test_a_changed_form_is_refused(api: Api) -> None:
    """The fields are part of the signature."""
    assert _post(api, TARGET, _signed(PUBLIC + TARGET, {**FIELDS, "CallStatus": "completed"})) == 403


def test_a_json_body_is_checked_by_its_hash(api: Api) -> None:
    """The query carries the body's hash, and the signature covers the query."""
    body = json.dumps({"CallSid": "CA1", "CallStatus": "ringing"})
    target = f"{TARGET}?bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
    headers = {**_signed(PUBLIC + target, {}), "Content-Type": "application/json"}

    def post(content: str) -> int:
        return httpx.post(
            api.url + target, content=content, headers=headers, trust_env=False, timeout=30
        ).status_code

    assert post(body) == 204
    assert post(body.replace("ringing", "completed")) == 403


def test_a_socket_needs_signature_and_token(api: Api) -> None:
    """Either alone opens nothing."""
    token = relay_token(api.settings, "call_1:1")
    for target, signed in (
        (f"/carriers/twilio/calls/call_1/1/relay/{token}", False),
        ("/carriers/twilio/calls/call_1/1/relay/guessed", True),
        (f"/carriers/twilio/calls/call_1/2/relay/{token}", True),
    ):
        headers = _signed(f"wss://outdial.example{target}", {}) if signed else {}
        with pytest.raises(InvalidStatus, match="403"):
            connect(api.url.replace("http", "ws") + target, additional_headers=headers, proxy=None)


def test_a_socket_s_token_is_one_attempt_s(api: Api) -> None:
    """Of no other attempt of the same call."""
    token = relay_token(api.settings, "call_1:1")
    assert opens_relay(api.settings, "call_1:1", token)
    assert not opens_relay(api.settings, "call_1:2", token)
