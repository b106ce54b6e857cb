"""Bringing a database to this release's tables; any number of processes may ask for it at once."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from outdial.store.database import Database
from outdial.store.tuning import milliseconds

# Any number will do, if nobody else locks it in this database.
POSTGRES_LOCK = 0x0D1A_10CC

MIGRATIONS = Path(__file__).parents[1] / "migrations"


def migrate(database: Database) -> None:
    """Creates or upgrades the tables, all or nothing; returns at once where there is nothing to do.

    Other processes that ask for it meanwhile wait for this one.
    """
    with locked(database) as connection:
        command.upgrade(configuration(connection), "head")


def configuration(connection: sa.Connection) -> Config:
    """What Alembic needs to know to work on that connection."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@contextmanager
def locked(database: Database) -> Generator[sa.Connection]:
    """A transaction that no other migration of this database runs beside."""
    connecting = database.engine.connect().execution_options(outdial_write=True)
    with connecting as connection, _unchecked(connection), connection.begin():
        if not database.is_sqlite:
            _wait_for_turn(connection, database.tuning.lock_timeout)
        yield connection


def _wait_for_turn(connection: sa.Connection, lock_timeout: float) -> None:
    """As long as it takes; and so may the migration. Only for tables in use it waits no longer than others do."""
    for name in ("statement_timeout", "lock_timeout"):
        connection.execute(sa.text(f"SET LOCAL {name} = 0"))
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(POSTGRES_LOCK)))
    connection.execute(
        sa.text(f"SET LOCAL lock_timeout = {milliseconds(lock_timeout) if lock_timeout else 0}")
    )


@contextmanager
def _unchecked(connection: sa.Connection) -> Generator[None]:
    """SQLite changes a table by copying it, and would take that for deleting the rows others refer to."""
    if connection.dialect.name != "sqlite":
        yield
        return
    # On the driver itself: SQLite ignores this pragma within a transaction.
    driver = connection.connection.cursor()
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
        driver.close()
