"""Migrations: from empty and from every earlier revision to this release, on both databases."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from outdial.models import Account
from outdial.store.database import Database
from outdial.store.migrate import locked, migrate
from tests.build import a_call
from tests.store.revisions import all_revisions, count, fill, indexes, upgrade, write_next


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a table, on SQLite and on PostgreSQL."""
    postgresql = request.param == "postgresql"
    file = f"sqlite:///{tmp_path / 'empty.db'}"
    database = Database(request.getfixturevalue("postgres_address") if postgresql else file)
    yield database
    database.close()


def test_an_empty_database_gets_the_tables(empty: Database) -> None:
    """After the migration, rows can be written and read."""
    migrate(empty)
    with empty.write() as session:
        call = a_call(session)
    with empty.read() as session:
        assert session.get_one(type(call), call.id).number == call.number


def test_migrations_make_exactly_what_the_models_say(empty: Database) -> None:
    """Nothing is left for a new revision to do; if this fails: make migration NAME=…"""
    migrate(empty)
    assert _left_to_do(empty) == []


@pytest.mark.parametrize("revision", all_revisions())
def test_a_database_of_any_revision_is_brought_to_this_release(empty: Database, revision: str) -> None:
    """With rows in all of its tables, which stay."""
    upgrade(empty, revision)
    rows = fill(empty)
    assert rows["call"] == 1
    migrate(empty)
    after = count(empty)
    assert {name: number for name, number in rows.items() if name in after} == rows
    assert _left_to_do(empty) == []


def test_a_table_that_is_changed_keeps_its_rows_and_indexes(empty: Database, tmp_path: Path) -> None:
    """As a later release may do it; SQLite copies the table then."""
    migrate(empty)
    fill(empty)
    before = indexes(empty)
    write_next(tmp_path)
    upgrade(empty, "next", more=tmp_path)
    with empty.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT id, mood FROM call")).all() == [("x", "calm")]
        assert connection.execute(sa.text("SELECT call_id FROM attempt")).all() == [("x",)]
    assert indexes(empty) == before


def test_a_second_migration_changes_nothing(empty: Database) -> None:
    """Migrating at every start is harmless: rows stay."""
    migrate(empty)
    with empty.write() as session:
        call = a_call(session)
    migrate(empty)
    with empty.read() as session:
        assert session.get(type(call), call.id)


def test_a_migration_that_fails_leaves_nothing(empty: Database) -> None:
    """A table made in a transaction that fails is not there."""
    with pytest.raises(ZeroDivisionError):
        _migrate_half(empty)
    assert sa.inspect(empty.engine).get_table_names() == []


def test_processes_that_migrate_at_once_wait_for_each_other(empty: Database) -> None:
    """Processes that start together all find the tables, and none fails."""
    code = (
        "import sys; from outdial.store.database import Database; from outdial.store.migrate import migrate;"
        "migrate(Database(sys.argv[1]))"
    )
    address = empty.engine.url.render_as_string(hide_password=False)
    started = [subprocess.Popen([sys.executable, "-c", code, address]) for _ in range(2)]
    assert [process.wait(60) for process in started] == [0, 0]
    assert "call" in sa.inspect(empty.engine).get_table_names()


def test_foreign_keys_are_checked_again_after_a_migration(tmp_path: Path) -> None:
    """SQLite's checks are off only while tables are changed."""
    database = Database(f"sqlite:///{tmp_path / 'outdial.db'}")
    migrate(database)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.close()


def _left_to_do(database: Database) -> list[Any]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, Account.metadata)


def _migrate_half(database: Database) -> None:
    with locked(database) as connection:
        connection.execute(sa.text("CREATE TABLE half (n int)"))
        raise ZeroDivisionError
