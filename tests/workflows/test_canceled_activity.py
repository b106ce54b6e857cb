"""An activity that is canceled or out of time ends what it has begun, and keeps no other from writing."""

import ast
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Event

import pytest
from temporalio.testing import ActivityEnvironment

import activities
from activities import retention
from activities.retention import RetentionActivities
from outdial.models.base import utc_now
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.retention import Deleted
from tests.build import an_account

SOON = 10.0


def test_canceled_while_it_waits_for_its_turn_it_leaves_the_next_writer_a_turn(sqlite: Database) -> None:
    """Nothing is raised in its thread between taking SQLite's write lock and being ready to give it back."""
    environment, begun = ActivityEnvironment(), Event()

    def clock() -> datetime:
        begun.set()
        return utc_now()

    upkeep = RetentionActivities(sqlite, Settings(), clock)
    with ThreadPoolExecutor(1) as threads:
        with sqlite.write():
            working = threads.submit(environment.run, upkeep.forget)
            assert begun.wait(SOON)
            time.sleep(0.2)  # it stands in line by now
            environment.cancel()
        assert working.result(SOON) == 0
        assert threads.submit(_writes, sqlite).result(SOON)


def test_canceled_while_it_writes_it_commits_and_then_stops(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that was begun is deleted as if nobody had canceled; the one after is left."""
    environment, begun, go_on = ActivityEnvironment(), Event(), Event()

    def a_page_of_many(*_: object, **__: object) -> Deleted:
        begun.set()
        assert go_on.wait(SOON)
        return Deleted(rows=1, after=1)

    monkeypatch.setattr(retention.retention, "idempotency", a_page_of_many)
    upkeep = RetentionActivities(database, Settings(), utc_now)
    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(environment.run, upkeep.forget)
        assert begun.wait(SOON)
        environment.cancel()
        go_on.set()
        assert working.result(SOON) == 1
        assert threads.submit(_writes, database).result(SOON)


def test_no_activity_that_blocks_is_defined_for_exceptions_from_outside() -> None:
    """The SDK's own decorator is for coroutines alone; what runs in a thread is defined as blocking."""
    found = [place for path in Path(activities.__path__[0]).glob("*.py") for place in _interrupted(path)]
    assert found == []


def _interrupted(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield from (
                f"{path.name}: {node.name}"
                for by in node.decorator_list
                if "activity.defn" in ast.unparse(by)
            )


def _writes(database: Database) -> bool:
    with database.write() as session:
        an_account(session)
    return True
