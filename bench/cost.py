"""What one answered call costs: processor time, history, rows and bytes of the database, statements."""

import asyncio
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import event, text
from sqlmodel import SQLModel, select

from bench.calls import left_by, one_call, rate
from bench.report import Figure, middle
from bench.stage import Stage
from bench.webhooks import delivered, receiving
from engine.deliveries import workflow_id
from outdial.models import Delivery
from outdial.store.database import Database
from tests.system.processes import Process
from worker import make_parts, utc_clock, working

WARM_UP = 20
# SQLite's own measure of its file, and PostgreSQL's of a database.
_BYTES = {
    True: "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    False: "SELECT pg_database_size(current_database())",
}


async def measure(stage: Stage, *, calls: int) -> list[Figure]:
    """First by a worker whose processor time is read, then by one in this very process, whose statements are counted.

    Each call tells one receiver of all that happens to it.
    """
    processor = await _processor(stage, calls)
    await asyncio.to_thread(stage.worker.stop)
    database = Database.from_settings(stage.settings, "bench")
    parts = make_parts(stage.settings, database, stage.client, utc_clock)
    async with receiving(stage) as url, working(parts, stage.client):
        await rate(lambda: one_call(stage, webhook_url=url), WARM_UP)
        await delivered(stage)
        before = _rows(database), _bytes(database), _temporal_bytes(stage)
        with _counting(database) as counted:
            await rate(lambda: one_call(stage, webhook_url=url), calls)
            await delivered(stage)
        figures = _growth(stage, database, calls, before, counted)
        history = await _history(stage, await one_call(stage, webhook_url=url))
    database.close()
    return [*processor, *history, *figures]


async def _processor(stage: Stage, calls: int) -> list[Figure]:
    """What a busy machine does not change: it makes the same work only last longer."""
    async with receiving(stage) as url:
        await rate(lambda: one_call(stage, webhook_url=url), WARM_UP)
        await delivered(stage)
        before = [_seconds(process) for process in (stage.worker, stage.temporal)]
        await rate(lambda: one_call(stage, webhook_url=url), calls)
        await delivered(stage)
    took = [_seconds(process) for process in (stage.worker, stage.temporal)]
    names = ("processor time of the worker", "processor time of Temporal's dev server")
    return [
        Figure(name, (after - first) / calls * 1000, "ms")
        for name, first, after in zip(names, before, took, strict=True)
    ]


def _seconds(process: Process) -> float:
    used = psutil.Process(process.pid).cpu_times()
    return used.user + used.system


async def _history(stage: Stage, call: str) -> list[Figure]:
    with stage.database.read() as session:
        owed = session.exec(select(Delivery.id).where(Delivery.call_id == call)).all()
    events, size = await left_by(stage, call)
    hooks = [await left_by(stage, workflow_id(each)) for each in owed]
    return [
        Figure("history of an answered call", events, "events"),
        Figure("its size", size, "bytes"),
        Figure("webhooks that tell of it", len(hooks), ""),
        Figure("history of one webhook", middle([each[0] for each in hooks]), "events"),
        Figure("its size", middle([each[1] for each in hooks]), "bytes"),
    ]


def _growth(
    stage: Stage, database: Database, calls: int, before: tuple[Counter[str], int, int], counted: Counter[str]
) -> list[Figure]:
    rows, size, temporal = before
    grown = _rows(database) - rows
    tables = [Figure(f"rows of {name}", number / calls, "") for name, number in sorted(grown.items())]
    return [
        Figure("rows it leaves", grown.total() / calls, ""),
        *tables,
        Figure("the database grows by", (_bytes(database) - size) / calls, "bytes"),
        Figure("Temporal's file grows by", (_temporal_bytes(stage) - temporal) / calls, "bytes"),
        Figure("statements of the worker", counted["statements"] / calls, ""),
        Figure("its transactions that write", counted["commits"] / calls, ""),
    ]


@contextmanager
def _counting(database: Database) -> Generator[Counter[str]]:
    """Statements and committed transactions within the block."""
    counted = Counter[str]()

    def counts(what: str) -> Callable[..., None]:
        def count(*_: Any) -> None:
            counted[what] += 1

        return count

    listening = {"before_cursor_execute": counts("statements"), "commit": counts("commits")}
    for name, listener in listening.items():
        event.listen(database.engine, name, listener)
    yield counted
    for name, listener in listening.items():
        event.remove(database.engine, name, listener)


def _rows(database: Database) -> Counter[str]:
    with database.read() as session:
        connection = session.connection()
        return Counter(
            {
                table.name: connection.execute(text(f'SELECT count(*) FROM "{table.name}"')).scalar_one()
                for table in SQLModel.metadata.sorted_tables
            }
        )


def _bytes(database: Database) -> int:
    with database.read() as session:
        return int(session.connection().execute(text(_BYTES[database.is_sqlite])).scalar_one())


def _temporal_bytes(stage: Stage) -> int:
    return sum(path.stat().st_size for path in Path(stage.settings.data).glob("temporal.db*"))
