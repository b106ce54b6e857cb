"""Fresh databases of either kind, for as long as they are needed."""

import shutil
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from outdial.store.database import Database
from outdial.store.migrate import migrate
from tests.postgres import Postgres

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BOTH = [SQLITE, POSTGRESQL]
# For what no database decides: the other one only in `make test-all`.
EITHER = [SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.slow)]

# Opens a fresh database that may keep files in this folder.
MakeDatabase = Callable[[Path], AbstractContextManager[Database]]


def create_tables(address: str) -> None:
    """As a release makes them."""
    database = Database(address)
    migrate(database)
    database.close()


@contextmanager
def fresh(kind: str, request: pytest.FixtureRequest, folder: Path) -> Generator[str]:
    """The address of a copy of the session's template, which has all tables and no rows."""
    if kind == SQLITE:
        template: Path = request.getfixturevalue("sqlite_template")
        yield f"sqlite:///{shutil.copy(template, folder / 'outdial.db')}"
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    with server.copy_of(request.getfixturevalue("postgres_template")) as address:
        yield address


@contextmanager
def opened(address: str) -> Generator[Database]:
    """The database of that address until the block ends."""
    database = Database(address)
    try:
        yield database
    finally:
        database.close()
