"""`outdial settings`."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from outdial.cli import app


def listed() -> dict[str, dict[str, Any]]:
    """What the command prints, by setting."""
    result = CliRunner().invoke(app, ["settings", "--json"])
    return {row["setting"]: row for row in json.loads(result.stdout)}


def test_a_setting_is_shown_with_its_value_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """And whether the environment set it."""
    monkeypatch.setenv("OUTDIAL_API_PORT", "8080")
    shown = listed()
    assert (shown["OUTDIAL_API_PORT"]["now"], shown["OUTDIAL_API_PORT"]["set"]) == (8080, True)
    assert not shown["OUTDIAL_TEMPORAL_PORT"]["set"]


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only that there is one."""
    monkeypatch.setenv("OUTDIAL_API_KEY", "a key of our own choice")
    assert listed()["OUTDIAL_API_KEY"]["now"] == "•••"


def test_the_databases_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address is."""
    monkeypatch.setenv("OUTDIAL_DATABASE_URL", "postgresql://outdial:sesame@db.internal/calls")
    assert listed()["OUTDIAL_DATABASE_URL"]["now"] == "postgresql://outdial:***@db.internal/calls"


def test_an_address_follows_the_port_that_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """One setting moves the Temporal server and everybody who looks for it."""
    monkeypatch.setenv("OUTDIAL_TEMPORAL_PORT", "7300")
    assert listed()["OUTDIAL_TEMPORAL_ADDRESS"]["now"] == "127.0.0.1:7300"
