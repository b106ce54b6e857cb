"""Connections: how long anything on them may take, and what becomes of those that died."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.tuning import Tuning
from tests.api.serving import an_api
from tests.build import an_account
from tests.postgres import Postgres

SHORT = Tuning(
    statement_timeout=0.3, lock_timeout=0.1, idle_timeout=0.1, busy_timeout=0.1, pool_wait=0.1, pool_size=1
)
ENDLESS = text("SELECT pg_sleep(600)")
LOCK = text("SELECT * FROM account FOR UPDATE")


@pytest.fixture
def address(postgres_server: Postgres, postgres_template: str) -> Iterator[str]:
    """The address of a fresh PostgreSQL database with all tables."""
    with postgres_server.copy_of(postgres_template) as address:
        yield address


@pytest.fixture
def impatient(address: str) -> Iterator[Database]:
    """The database of that address, where nothing may take long."""
    database = Database(address, SHORT)
    yield database
    database.close()


def test_after_a_restart_of_postgresql_the_next_request_works(
    address: str, postgres_server: Postgres, tmp_path: Path
) -> None:
    """While it is away requests are answered 503; those after it are answered as if nothing had happened."""
    database = Database(address)
    with an_api(Settings(data=tmp_path), database) as api:
        api.place()
        postgres_server.stop()
        away = api.client.post("/v1/call", json=api.order())
        postgres_server.start()
        assert (away.status_code, away.headers["Retry-After"]) == (503, "5")
        api.place()
        postgres_server.stop()
        postgres_server.start()
        api.place()
    database.close()


def test_an_endless_statement_is_cut(impatient: Database) -> None:
    """It fails, and the connection is good for the next one."""
    with impatient.read() as session, pytest.raises(OperationalError, match="statement timeout"):
        session.connection().execute(ENDLESS)
    with impatient.read() as session:
        assert session.connection().execute(text("SELECT 1")).scalar() == 1


def test_a_statement_does_not_wait_for_a_lock_for_ever(impatient: Database, address: str) -> None:
    """Whoever holds it is left alone; whoever waits fails."""
    patient = Database(address)
    with patient.write() as session:
        an_account(session)
    with patient.write() as holder, impatient.write() as waiter:
        holder.connection().execute(LOCK)
        with pytest.raises(OperationalError, match="lock timeout"):
            waiter.connection().execute(LOCK)
    patient.close()


def test_a_forgotten_transaction_lets_go_of_what_it_holds(impatient: Database, address: str) -> None:
    """A process that stands still within a transaction is cut off, and its work rolled back."""
    patient = Database(address)
    with pytest.raises(DBAPIError):
        _forget(impatient)
    with patient.read() as session:
        assert session.connection().execute(text("SELECT count(*) FROM account")).scalar() == 0
    patient.close()


def test_work_does_not_wait_for_a_connection_for_ever(address: str) -> None:
    """With all of its connections in use, a process fails soon instead of piling work up."""
    database = Database(address, Tuning(pool_size=1, overflow=0, pool_wait=0.1))
    with database.read() as session, database.read() as another:
        session.connection()
        with pytest.raises(PoolTimeout):
            another.connection()
    database.close()


def test_operators_see_who_is_connected(address: str) -> None:
    """Each part has a name in pg_stat_activity."""
    database = Database.from_settings(Settings(database_url=address), "worker")
    with database.read() as session:
        assert session.connection().execute(text("SHOW application_name")).scalar() == "outdial-worker"
    database.close()


def test_limits_are_settings(address: str) -> None:
    """What is set is what PostgreSQL holds; 0 leaves it to the server."""
    settings = Settings(database_url=address, database_statement_timeout=1.5, database_lock_timeout=0)
    database = Database.from_settings(settings, "api")
    with database.read() as session:
        connection = session.connection()
        shown = [
            connection.execute(text(f"SHOW {name}")).scalar()
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        ]
    assert shown == ["1500ms", "0", "1min"]
    database.close()


def test_sqlite_does_not_wait_for_its_lock_for_ever(sqlite: Database) -> None:
    """Another process that writes for too long makes a writer fail, not hang."""
    impatient = Database(sqlite.engine.url.render_as_string(), SHORT)
    with sqlite.write(), pytest.raises(OperationalError, match="locked"), impatient.write():
        pass
    impatient.close()


def _forget(database: Database) -> None:
    with database.write() as session:
        an_account(session)
        time.sleep(0.5)
        session.connection().execute(text("SELECT 1"))
