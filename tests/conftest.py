"""What every test may ask for: fresh databases, on SQLite and on PostgreSQL alike, and a Temporal server."""

import gc
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from xdist.scheduler import LoadFileScheduling

from outdial.store.database import Database
from tests.databases import BOTH, EITHER, SQLITE, MakeDatabase, create_tables, fresh, opened
from tests.postgres import Postgres, postgres
from tests.temporal_server import dev_server

# What is imported stays: to look through all of it for garbage at every step takes a fourth of the start.
gc.set_threshold(50_000, 20, 20)

# Files that share an installation and a browser, which take longer to start than most tests to run.
IN_A_BROWSER = (
    "tests/dashboard/test_paths.py",
    "tests/dashboard/test_new_call.py",
    "tests/dashboard/test_accessibility.py",
)
LONGEST = {"system", "test_paths", "test_new_call", "test_batch", "test_accessibility", "test_up"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files, which mostly wait, begin first: the others fill their pauses, and none is left over alone."""
    items.sort(key=lambda item: not LONGEST & {item.path.parent.name, item.path.stem})


class _FilesThatShare(LoadFileScheduling):
    """A file's tests run in one process, and those of files that share what takes long to start."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return IN_A_BROWSER[0] if file in IN_A_BROWSER else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Instead of the one that `--dist` names."""
    return _FilesThatShare(config, log)


@pytest.fixture(autouse=True)
def _logs_are_captured() -> None:
    structlog.reset_defaults()  # whatever a test before has set
    structlog.configure(
        # The library's own way with exceptions prints every variable, which takes seconds.
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(bool_as_flag=False),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and no rows, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    create_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def temporal() -> Iterator[str]:
    """The address of a real Temporal dev server."""
    with dev_server() as address:
        yield address


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL server of our own."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Postgres) -> str:
    """The name of a PostgreSQL database with all tables and no rows, to be copied."""
    create_tables(postgres_server.create("outdial_template"))
    return "outdial_template"


@pytest.fixture
def postgres_address(postgres_server: Postgres) -> Iterator[str]:
    """The address of an empty PostgreSQL database, without tables."""
    with postgres_server.empty() as address:
        yield address


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with all tables; the test runs once on each kind."""
    with fresh(request.param, request, tmp_path) as address:
        yield address


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database, opened; the test runs once on SQLite and once on PostgreSQL."""
    with opened(database_url) as database:
        yield database


@pytest.fixture(scope="session", params=EITHER)
def make_database(request: pytest.FixtureRequest) -> MakeDatabase:
    """Makes fresh databases for what no database decides: SQLite, and in `make test-all` PostgreSQL too."""

    @contextmanager
    def make(folder: Path) -> Generator[Database]:
        with fresh(request.param, request, folder) as address, opened(address) as database:
            yield database

    return make


@pytest.fixture
def some_database(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Database]:
    """A fresh database of either kind, for what does not depend on it."""
    with make_database(tmp_path) as database:
        yield database


@pytest.fixture
def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database, for what is about SQLite itself."""
    with fresh(SQLITE, request, tmp_path) as address, opened(address) as database:
        yield database
