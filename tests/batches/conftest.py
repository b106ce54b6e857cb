"""The application over a recording of what it asks of Temporal, for accounts of several plans."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from outdial.plans import Plan
from outdial.settings import Settings
from outdial.store.database import Database
from tests.api.serving import Api, an_api


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def enterprise(tmp_path: Path, some_database: Database) -> Iterator[Api]:
    """The application, for an account without limits of a plan."""
    yield from _serving(Settings(data=tmp_path / "data"), some_database)


@pytest.fixture
def lists_are_short(tmp_path: Path, some_database: Database) -> Iterator[Api]:
    """The same where lists of people may have 200 kB, and files 400 kB."""
    small = Settings(
        data=tmp_path / "data", max_body_bytes=100_000, max_list_bytes=200_000, max_upload_bytes=400_000
    )
    yield from _serving(small, some_database)


def _serving(settings: Settings, database: Database) -> Iterator[Api]:
    with an_api(settings, database) as served:
        with database.write() as session:
            session.merge(served.account).plan = Plan.ENTERPRISE
        yield served
