"""A Temporal dev server and an SQLite database for the tests of this folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from outdial.store.database import Database
from tests.temporal_server import dev_server


@pytest.fixture(scope="session")
def temporal() -> Iterator[str]:
    """The address of a real dev server."""
    with dev_server() as address:
        yield address


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database, for what does not depend on the kind of database."""
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'outdial.db')}")
    yield database
    database.close()
