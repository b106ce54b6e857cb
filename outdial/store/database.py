"""Opening the database: SQLite tuned for one machine, PostgreSQL for many, sessions to read and to write."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlmodel import Session

from outdial.settings import Settings
from outdial.store.tuning import Tuning
from outdial.store.writers import Turns


class Database:
    """One database, by its SQLAlchemy address.

    ``read()`` gives a session for questions; ``write()`` one whose transaction commits at the end of the block
    and rolls back on any exception. On SQLite a writer takes the write lock at once, because a transaction that
    reads and then decides to write could otherwise be refused half way.
    """

    def __init__(self, address: str, tuning: Tuning | None = None) -> None:
        url = make_url(address)
        self.tuning = tuning or Tuning()
        self.is_sqlite = url.get_backend_name() == "sqlite"
        # Waiting writers of SQLite sleep, poll and overtake each other; those of one process take turns instead.
        self._turn: AbstractContextManager[Any] = (
            Turns(self.tuning.busy_timeout) if self.is_sqlite else nullcontext()
        )
        options = self.tuning.for_sqlite() if self.is_sqlite else self.tuning.for_postgresql()
        if self.is_sqlite:
            Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
        elif url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        self.engine: Engine = create_engine(url, **self.tuning.pool(), **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", self._tune_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @classmethod
    def from_settings(cls, settings: Settings, part: str) -> "Database":
        """The installation's database; PostgreSQL shows its operators that ``part`` (api, worker) is connected."""
        return cls(settings.database, Tuning.from_settings(settings, part))

    @contextmanager
    def read(self) -> Generator[Session]:
        """A session for questions; nothing it holds expires, so rows can be used after it closes."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self, *, durable: bool = False) -> Generator[Session]:
        """A session in one transaction: committed at the end of the block, rolled back on an exception.

        A commit outlives the death of any process. A ``durable`` one outlives a power cut as well, which SQLite
        promises only where it is asked to wait for the disk; PostgreSQL always does.
        """
        with self._turn, _Keeping(self.engine, expire_on_commit=False) as session, session.begin():
            session.connection(execution_options={"outdial_write": True, "outdial_durable": durable})
            yield session

    def close(self) -> None:
        self.engine.dispose()

    def _tune_sqlite(self, connection: Any, _record: Any) -> None:
        # None: the driver starts no transaction of its own; _begin_sqlite does.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={round(self.tuning.busy_timeout * 1000)}",
            "synchronous=NORMAL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        _use_wal(connection, patience=self.tuning.busy_timeout)


def _use_wal(connection: Any, *, patience: float) -> None:
    """A property of the file. While another process gives it that, SQLite fails at once instead of waiting."""
    give_up_at = time.monotonic() + patience
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.05)


class _Keeping(Session):
    """Holds on to the rows it has loaded: one that nobody else holds would be asked for again."""


@event.listens_for(_Keeping, "loaded_as_persistent")
def _keep(session: Session, row: object) -> None:
    session.info.setdefault("kept", []).append(row)


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    durable = options.get("outdial_durable", False)
    if durable or connection.info.pop("outdial_durable", False):
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
    if durable:
        connection.info["outdial_durable"] = True
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("outdial_write", False) else "BEGIN")
