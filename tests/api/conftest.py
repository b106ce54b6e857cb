"""The served application, on both databases or, where the database is not the point, mostly on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from outdial.settings import Settings
from outdial.store.database import Database
from tests.api.serving import Api, an_api
from tests.databases import MakeDatabase


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation of its own."""
    return _settings(tmp_path)


@pytest.fixture
def api(settings: Settings, database: Database) -> Iterator[Api]:
    """The application; the test runs once on SQLite and once on PostgreSQL."""
    with an_api(settings, database) as served:
        yield served


@pytest.fixture
def lite(settings: Settings, some_database: Database) -> Iterator[Api]:
    """The application on either database, for what none decides."""
    with an_api(settings, some_database) as served:
        yield served


@pytest.fixture(scope="module")
def refusing(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The application, one for a whole module: for requests that leave nothing behind."""
    folder = tmp_path_factory.mktemp("refusing")
    with make_database(folder) as database, an_api(_settings(folder), database) as served:
        yield served


def _settings(folder: Path) -> Settings:
    return Settings(data=folder / "data", max_body_bytes=200_000, webhook_allow_loopback=True)
