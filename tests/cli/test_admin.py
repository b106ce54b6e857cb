"""`outdial account …` and `outdial key …`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from outdial.cli import app
from outdial.keys import authenticate
from outdial.settings import Settings
from outdial.store.database import Database

Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on an empty installation and answers with its JSON."""
    monkeypatch.setenv("OUTDIAL_DATA", str(tmp_path))

    def run(*arguments: str) -> Any:
        result = CliRunner().invoke(app, [*arguments, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


def is_known(secret: str) -> bool:
    """Whether that key works in the installation under test."""
    database = Database(Settings().database)
    with database.read() as session:
        known = authenticate(session, secret)
    database.close()
    return known is not None


def test_a_created_account_is_listed(run: Run) -> None:
    """With its plan and the lines of it."""
    [created] = run("account", "create", "Lakeside", "--plan", "growth")
    assert run("account", "list") == [created]
    assert (created["plan"], created["lines"]) == ("growth", 3)


def test_a_created_key_works(run: Run) -> None:
    """Its secret is printed once; lists show its beginning only."""
    [account] = run("account", "create", "Lakeside")
    [created] = run("key", "create", account["id"], "--name", "crm")
    assert is_known(created["key"])
    [listed] = run("key", "list", account["id"])
    assert created["key"].startswith(listed["prefix"])
    assert created["key"] not in listed.values()


def test_a_revoked_key_works_no_more(run: Run) -> None:
    """At once."""
    [account] = run("account", "create", "Lakeside")
    [created] = run("key", "create", account["id"])
    [revoked] = run("key", "revoke", created["id"])
    assert revoked["revoked_at"]
    assert not is_known(created["key"])


def test_a_mistake_is_explained_in_a_sentence(run: Run) -> None:
    """Status 1 and no traceback."""
    result = CliRunner().invoke(app, ["key", "list", "acct_nobody"])
    assert result.exit_code == 1
    assert "There is no account 'acct_nobody'." in result.stderr


def test_people_get_a_table_with_whole_ids(run: Run) -> None:
    """Ids are not cut to the width of a terminal."""
    [account] = run("account", "create", "An account with a rather long name for a dentist by the lake")
    result = CliRunner().invoke(app, ["account", "list"], terminal_width=40)
    assert account["id"] in result.stdout


def test_an_accounts_quota_and_permission_are_set_and_changed(run: Run) -> None:
    """At first and later; what is not named stays."""
    [made] = run("account", "create", "Lakeside", "--calls", "10", "--no-outbound")
    assert (made["calls_remaining"], made["outbound"]) == (10, False)
    [changed] = run("account", "update", made["id"], "--outbound", "--plan", "growth")
    assert (changed["calls_remaining"], changed["outbound"], changed["plan"]) == (10, True, "growth")
    [free] = run("account", "update", made["id"], "--unlimited")
    assert (free["calls_remaining"], free["outbound"]) == (None, True)


def test_a_test_key_is_made(run: Run) -> None:
    """Its prefix says what it is."""
    [account] = run("account", "create", "Lakeside")
    [key] = run("key", "create", account["id"], "--test")
    assert key["key"].startswith("od_test_")
