"""`outdial doctor` finds what is missing and says what to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.app import create_app as api
from outdial.cli.doctor import Finding, examine
from outdial.cli.model_doctor import examine_model
from outdial.settings import Settings
from outdial.store.database import Database
from tests.api.serving import Recorder
from tests.temporal_server import HOST, free_port
from tests.twilio.world import ACCOUNT_SID, AUTH_TOKEN, NUMBER, serving, twilio_settings
from twilio_emulator.emulator import Emulator
from twilio_emulator.rest import create_app


def _findings(settings: Settings, model: str | None = "scripted") -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(settings, model)}


@pytest.fixture
def settings(some_database: Database, tmp_path: Path) -> Iterator[Settings]:
    """An installation where all is well: its API is up, and Twilio knows it."""
    emulator = Emulator(ACCOUNT_SID, AUTH_TOKEN, (NUMBER,))
    port = free_port()
    with serving(create_app(emulator), free_port()) as twilio:
        known = twilio_settings(some_database, tmp_path, f"http://{HOST}:{port}", twilio)
        with serving(api(known, gateway=Recorder()), port):
            yield known


def test_all_is_well(settings: Settings) -> None:
    """Credentials, number, public address, callback signature and model are looked at; nothing is to do."""
    findings = _findings(settings)
    assert [name for name, finding in findings.items() if not finding.is_well] == []
    assert findings.keys() >= {"credentials", "number", "public address", "callback signature", "model"}


@pytest.mark.parametrize(
    ("change", "what", "words"),
    [
        ({"carrier": "simulated"}, "carrier", "OUTDIAL_CARRIER=twilio"),
        ({"twilio_account_sid": ""}, "credentials", "OUTDIAL_TWILIO_ACCOUNT_SID"),
        ({"twilio_account_sid": "AC2"}, "credentials", "Compare sid and token"),
        ({"twilio_api_url": "http://127.0.0.1:9"}, "credentials", "reaches Twilio's API"),
        ({"default_caller_id": "+12025550188"}, "number", "OUTDIAL_DEFAULT_CALLER_ID"),
        ({"public_url": None}, "public address", "OUTDIAL_PUBLIC_URL"),
        ({"public_url": "http://127.0.0.1:9"}, "public address", "outdial up"),
        ({"public_url": "http://example.com", "twilio_api_url": None}, "public address", "https://"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    settings: Settings, change: dict[str, str | None], what: str, words: str
) -> None:
    """With the setting to mend it."""
    if change.get("twilio_api_url", "given") is None:
        change = {**change, "twilio_account_sid": ""}  # nobody asks Twilio itself
    assert words in _findings(settings.model_copy(update=change))[what].cure


def test_a_model_without_a_key_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a call is answered by silence."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert "OUTDIAL_OPENAI_API_KEY" in _findings(settings, "openai:gpt-5.2")["model"].cure


@pytest.mark.parametrize(
    ("answer", "found", "cure"),
    [
        (200, "takes the key", ""),
        (401, "refuses the key", "OUTDIAL_MODEL_API_KEY"),
        (404, "takes the key", ""),
    ],
)
def test_a_model_s_server_is_asked_whether_it_takes_the_key(answer: int, found: str, cure: str) -> None:
    """A server that lists no models may talk all the same."""

    async def models(request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer local-key"
        return Response(status_code=answer)

    with serving(Starlette(routes=[Route("/v1/models", models)]), free_port()) as url:
        given = Settings(model_base_url=f"{url}/v1", model_api_key=SecretStr("local-key"))
        finding = examine_model(given, None)
    assert finding.found == f"{url}/v1 {found}"
    assert cure in finding.cure
    assert finding.is_well is not bool(cure)
