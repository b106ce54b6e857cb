"""The served application, on both databases or, where the database is not the point, on SQLite alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from outdial.settings import Settings
from outdial.store.database import Database
from tests.api.serving import Api, an_api


@pytest.fixture(autouse=True)
def _logs_are_captured() -> None:
    structlog.reset_defaults()  # whatever a test before has set
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())


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
def lite(settings: Settings, sqlite_template: Path, tmp_path: Path) -> Iterator[Api]:
    """The application on SQLite, for what no database decides."""
    with an_api(settings, copy_of(sqlite_template, tmp_path)) as served:
        yield served


@pytest.fixture(scope="module")
def refusing(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The application on SQLite, one for a whole module: for requests that leave nothing behind."""
    folder = tmp_path_factory.mktemp("refusing")
    with an_api(_settings(folder), copy_of(sqlite_template, folder)) as served:
        yield served


def _settings(folder: Path) -> Settings:
    return Settings(data=folder / "data", max_body_bytes=200_000, webhook_allow_loopback=True)


def copy_of(template: Path, folder: Path) -> Database:
    """A fresh SQLite database with all tables."""
    return Database(f"sqlite:///{shutil.copy(template, folder / 'lite.db')}")
