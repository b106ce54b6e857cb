"""What every test may ask for: a fresh database, on SQLite and on PostgreSQL alike."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from outdial.store.database import Database
from outdial.store.migrate import migrate
from tests.postgres import Postgres, postgres


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of whole systems take longest, most of it waiting: they begin first, and others fill their pauses."""
    items.sort(key=lambda item: "system" not in item.path.parts)


def _create_tables(address: str) -> None:
    database = Database(address)
    migrate(database)
    database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and no rows, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _create_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL server of our own."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Postgres) -> str:
    """The name of a PostgreSQL database with all tables and no rows, to be copied."""
    _create_tables(postgres_server.create("outdial_template"))
    return "outdial_template"


@pytest.fixture
def postgres_address(postgres_server: Postgres) -> Iterator[str]:
    """The address of an empty PostgreSQL database, without tables."""
    with postgres_server.copy_of("template1") as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with all tables; the test runs once on each kind."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        yield f"sqlite:///{shutil.copy(template, tmp_path / 'outdial.db')}"
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    with server.copy_of(request.getfixturevalue("postgres_template")) as address:
        yield address


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
