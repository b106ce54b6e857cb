"""The key with which a stack on one's own machine is used."""

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from outdial.cli.access import FirstAccount, key_file, open_access
from outdial.errors import Invalid
from outdial.keys import authenticate, revoke_key
from outdial.models import Account
from outdial.plans import Plan
from outdial.settings import Settings
from outdial.store.accounts import all_accounts
from outdial.store.database import Database

FIRST = FirstAccount("Lakeside", Plan.GROWTH)


def settings(folder: Path, key: str | None = None) -> Settings:
    """An installation's settings with its data in that folder."""
    return Settings(data=folder, api_key=SecretStr(key) if key else None)


def owner(database: Database, key: str) -> Account:
    """Whose key that is."""
    with database.read() as session:
        known = authenticate(session, key)
    assert known
    return known[0]


def test_the_first_start_makes_an_account_and_a_key(database: Database, tmp_path: Path) -> None:
    """The key works and belongs to the account asked for."""
    key = open_access(database, settings(tmp_path), FIRST)
    assert key.startswith("od_live_")
    assert owner(database, key).plan is Plan.GROWTH


def test_the_key_is_kept_for_its_owner_alone(database: Database, tmp_path: Path) -> None:
    """The file that keeps it can be read by nobody else."""
    key = open_access(database, settings(tmp_path), FIRST)
    file = key_file(settings(tmp_path))
    assert file.read_text().strip() == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_later_starts_print_the_same_key(database: Database, tmp_path: Path) -> None:
    """No second account and no second key are made."""
    keys = {open_access(database, settings(tmp_path), FIRST) for _ in range(2)}
    with database.read() as session:
        assert len(all_accounts(session)) == 1
    assert len(keys) == 1


def test_a_key_that_was_set_is_made_known(database: Database, tmp_path: Path) -> None:
    """OUTDIAL_API_KEY is the key, and is written to no file."""
    for _ in range(2):
        assert (
            open_access(database, settings(tmp_path, "a key of our own choice"), FIRST)
            == "a key of our own choice"
        )
    assert owner(database, "a key of our own choice").name == "Lakeside"
    assert not key_file(settings(tmp_path)).exists()


def test_a_short_key_is_refused(database: Database, tmp_path: Path) -> None:
    """A key that could be guessed is none."""
    with pytest.raises(Invalid, match="16 characters or more"):
        open_access(database, settings(tmp_path, "secret"), FIRST)


def test_a_revoked_key_is_not_brought_back(database: Database, tmp_path: Path) -> None:
    """Setting it again says that it was revoked."""
    open_access(database, settings(tmp_path, "a key of our own choice"), FIRST)
    revoke(database, "a key of our own choice")
    with pytest.raises(Invalid, match="revoked"):
        open_access(database, settings(tmp_path, "a key of our own choice"), FIRST)


def test_a_kept_key_that_was_revoked_is_replaced(database: Database, tmp_path: Path) -> None:
    """The next start makes a new one."""
    old = open_access(database, settings(tmp_path), FIRST)
    revoke(database, old)
    new = open_access(database, settings(tmp_path), FIRST)
    assert new != old
    assert owner(database, new).name == "Lakeside"


def revoke(database: Database, secret: str) -> None:
    """Revoke the key with that secret."""
    with database.write() as session:
        known = authenticate(session, secret)
        assert known
        revoke_key(session, known[0].id, known[1].id)
