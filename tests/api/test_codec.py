"""The remote codec for the Temporal UI, and encrypted payloads on a real server."""

import asyncio
import base64
import json
from pathlib import Path

from cryptography.fernet import Fernet
from fastapi.testclient import TestClient
from temporalio.api.common.v1 import Payload

from api.app import create_app
from engine.codec import EncryptionCodec
from outdial.settings import Settings
from outdial.store.database import Database

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
TOKEN = "an operators' token"


def codec_client(tmp_path: Path, **given: str) -> TestClient:
    settings = Settings.model_validate({"data": tmp_path, **given})
    return TestClient(create_app(settings, database=Database(settings.database)))


def as_json(payload: Payload) -> dict[str, object]:
    encoded = {key: base64.b64encode(value).decode() for key, value in payload.metadata.items()}
    return {"metadata": encoded, "data": base64.b64encode(payload.data).decode()}


def encrypted(text: str, keys: list[str]) -> Payload:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(text).encode())
    return asyncio.run(EncryptionCodec(keys).encode([plain]))[0]


def test_an_encrypted_payload_is_shown_to_whoever_has_the_token(tmp_path: Path) -> None:
    """As Temporal's remote codec protocol wants it, after a rotation of keys too."""
    api = codec_client(tmp_path, payload_keys=f"{NEW},{OLD}", codec_token=TOKEN)
    body = {"payloads": [as_json(encrypted("a secret", [OLD]))]}
    answer = api.post("/v1/codec/decode", json=body, headers={"Authorization": f"Bearer {TOKEN}"})
    [shown] = answer.json()["payloads"]
    assert base64.b64decode(shown["data"]) == b'"a secret"'
    assert answer.headers["Access-Control-Allow-Origin"] == "http://127.0.0.1:8233"


def test_what_is_encoded_can_be_decoded(tmp_path: Path) -> None:
    """Round trip over HTTP; the text is not in the encoded form."""
    api = codec_client(tmp_path, payload_keys=NEW, codec_token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    plain = {"payloads": [as_json(Payload(metadata={"encoding": b"json/plain"}, data=b'"hello"'))]}
    encoded = api.post("/v1/codec/encode", json=plain, headers=headers).json()
    assert "ImhlbGxvIg" not in json.dumps(encoded)
    assert api.post("/v1/codec/decode", json=encoded, headers=headers).json() == plain


def test_nobody_else_sees_anything(tmp_path: Path) -> None:
    """Without the token, with a wrong one, and from elsewhere where none is set."""
    body = {"payloads": [as_json(encrypted("a secret", [NEW]))]}
    guarded = codec_client(tmp_path, payload_keys=NEW, codec_token=TOKEN)
    open_to_this_machine = codec_client(tmp_path, payload_keys=NEW)  # the test client's host is no loopback
    assert guarded.post("/v1/codec/decode", json=body).status_code == 403
    wrong = guarded.post("/v1/codec/decode", json=body, headers={"Authorization": "Bearer unlike"})
    assert wrong.status_code == 403
    assert open_to_this_machine.post("/v1/codec/decode", json=body).status_code == 403


def test_a_proxy_on_this_machine_is_not_this_machine(tmp_path: Path) -> None:
    """Loopback is trusted only where nobody else speaks through it."""
    settings = Settings.model_validate({"data": tmp_path, "payload_keys": NEW})
    app = create_app(settings, database=Database(settings.database))
    local = TestClient(app, client=("127.0.0.1", 50000))
    body = {"payloads": [as_json(encrypted("a secret", [NEW]))]}
    assert local.post("/v1/codec/decode", json=body).status_code == 200
    forwarded = local.post("/v1/codec/decode", json=body, headers={"X-Forwarded-For": "198.51.100.7"})
    assert forwarded.status_code == 403


def test_bad_payloads_are_refused_by_name(tmp_path: Path) -> None:
    """Wrong shape, wrong key, no keys at all."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    api = codec_client(tmp_path, payload_keys=NEW, codec_token=TOKEN)
    for payloads in ("text", [{"data": 5}], [{"nonsense": 1}], [as_json(encrypted("a secret", [OLD]))]):
        answer = api.post("/v1/codec/decode", json={"payloads": payloads}, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "payloads")
    plain = codec_client(tmp_path, codec_token=TOKEN)
    assert plain.post("/v1/codec/decode", json={"payloads": []}, headers=headers).status_code == 404
