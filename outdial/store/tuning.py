"""How a process uses the database: how many connections, and how long anything on them may take."""

from dataclasses import dataclass
from typing import Any

from outdial.settings import Settings

# Connections are made anew after so long, in seconds, so that they spread over servers behind a balancer.
RECYCLE = 1_800
# A network that is gone says nothing; the system asks the other side after 30 s, and gives up after as long.
KEEPALIVE = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
# What a page read out of order costs PostgreSQL beside one in order. Its own 4 is a turning disk's, for which it would
# rather read a table from its beginning than an index that fits.
RANDOM_PAGE_COST = 1.1


@dataclass(frozen=True)
class Tuning:
    """One process's share of the database. Times are in seconds.

    The first three are limits of PostgreSQL's; where one is 0, the server's own holds.
    """

    statement_timeout: float = 60
    lock_timeout: float = 10
    idle_timeout: float = 60
    connect_timeout: int = 5
    busy_timeout: float = 30
    pool_size: int = 10
    overflow: int = 10
    pool_wait: float = 10
    part: str = "outdial"  # as PostgreSQL shows the connection in pg_stat_activity

    @classmethod
    def from_settings(cls, settings: Settings, part: str) -> "Tuning":
        """As the installation wants it for this part of it."""
        return cls(
            statement_timeout=settings.database_statement_timeout,
            lock_timeout=settings.database_lock_timeout,
            idle_timeout=settings.database_idle_timeout,
            connect_timeout=settings.database_connect_timeout,
            busy_timeout=settings.sqlite_busy_timeout,
            pool_size=settings.database_pool,
            overflow=settings.database_overflow,
            pool_wait=settings.database_pool_wait,
            part=f"outdial-{part}",
        )

    def pool(self) -> dict[str, Any]:
        """The engine's options for its pool."""
        return {"pool_size": self.pool_size, "max_overflow": self.overflow, "pool_timeout": self.pool_wait}

    def for_sqlite(self) -> dict[str, Any]:
        """The engine's options that only SQLite takes."""
        return {"connect_args": {"timeout": self.busy_timeout, "check_same_thread": False}}

    def for_postgresql(self) -> dict[str, Any]:
        """The engine's options that only PostgreSQL takes."""
        limits = {
            "statement_timeout": self.statement_timeout,
            "lock_timeout": self.lock_timeout,
            "idle_in_transaction_session_timeout": self.idle_timeout,
        }
        options = " ".join(f"-c {name}={milliseconds(limit)}" for name, limit in limits.items() if limit)
        options += f" -c random_page_cost={RANDOM_PAGE_COST}" if options else ""
        arguments: dict[str, Any] = {"application_name": self.part, "connect_timeout": self.connect_timeout}
        # Left out where there is nothing to say, because some poolers refuse it.
        arguments |= {"options": options} if options else {}
        # Asked before it is used, a connection that died is replaced instead of failing the work.
        return {"pool_pre_ping": True, "pool_recycle": RECYCLE, "connect_args": arguments | KEEPALIVE}


def milliseconds(seconds: float) -> int:
    """As PostgreSQL takes its limits; never 0, which would be without any."""
    return max(1, round(seconds * 1000))
