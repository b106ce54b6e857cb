"""The served application alone, and with a real Temporal server and a worker behind it."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from outdial.store.database import Database
from tests.api.conftest import _logs_are_captured, api, lite, settings  # pyright: ignore[reportPrivateUsage]
from tests.mico.standing import Standing, standing
from tests.temporal_server import dev_server

__all__ = ["_logs_are_captured", "api", "lite", "settings"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def temporal() -> Iterator[str]:
    """The address of a real dev server."""
    with dev_server() as address:
        yield address


@pytest.fixture
async def stand(temporal: str, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Standing]:
    """A served API whose worker runs, on SQLite, and a client with an access token."""
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'outdial.db')}")
    async with standing(temporal, database) as stand:
        yield stand
    database.close()
