"""Liveness and readiness."""

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from outdial.settings import Settings
from outdial.store.database import Database
from tests.api.serving import NUMBER, Api, Recorder, eventually


def test_a_whole_installation_is_ready(api: Api) -> None:
    """With database and Temporal answering both are 200."""
    assert api.client.get("/healthz").json() == {"status": "ok"}
    assert api.client.get("/readyz").json() == {"status": "ok"}


def test_without_temporal_it_lives_but_is_not_ready(lite: Api) -> None:
    """A part that is away makes it unready, not dead."""
    lite.gateway.away = True
    assert lite.client.get("/healthz").status_code == 200
    assert lite.client.get("/readyz").status_code == 503


def test_without_the_database_it_lives_but_is_not_ready(settings: Settings) -> None:
    """The same for the database."""
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    with TestClient(create_app(settings, database=away, gateway=Recorder())) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503


def test_the_log_names_the_request_and_the_call(lite: Api, caplog: pytest.LogCaptureFixture) -> None:
    """A request's line has its id, what was asked, and the call that it was about; never the number."""
    with caplog.at_level("INFO"):
        call = lite.place()
        lite.client.get(f"/v1/calls/{call['id']}", headers={"X-Request-Id": "trace-7"})
        eventually(lambda: "trace-7" in caplog.text)
    line = next(line for line in caplog.text.splitlines() if "trace-7" in line)
    assert f"call_id={call['id']}" in line or f"'call_id': '{call['id']}'" in line
    assert NUMBER not in caplog.text
