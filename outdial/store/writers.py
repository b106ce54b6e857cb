"""Writers of one process take turns at SQLite's one write lock, and wait for it no longer than they may."""

from threading import RLock
from types import TracebackType

from sqlalchemy.exc import TimeoutError as WaitedTooLong


class Turns:
    """A block in which no other thread of this process writes. Raises SQLAlchemy's TimeoutError after ``seconds``."""

    def __init__(self, seconds: float) -> None:
        self._lock = RLock()
        self._seconds = seconds

    def __enter__(self) -> None:
        # Those that wait each for the one before would wait without end where another process holds the database.
        if not self._lock.acquire(timeout=self._seconds):
            raise WaitedTooLong(f"No turn to write to the database within {self._seconds:g} s.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
