"""Every filter of every list is answered from an index: what a page costs does not grow with the table."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from outdial.models import CallStatus
from outdial.settings import Settings
from outdial.store.database import Database
from tests.api.serving import Api, an_api
from tests.store.crowded import fill

LARGE = ("call", "attempt", "contact", "batch", "delivery", "do_not_call")
PAGING = {"limit", "cursor", "page", "page_size", "after"}
# Words are looked for in every contact of the account; SQLite keeps no index of what is in JSON.
UNBOUNDED = {
    ("/v1/contacts", "q", "sqlite"),
    ("/v1/contacts", "q", "postgresql"),
    ("/v1/calls", "metadata[order]", "sqlite"),
}
PAGE = 20
# What a page's dearest statement may cost: rows that PostgreSQL touches, or steps of SQLite's machine.
MOST_ROWS, MOST_STEPS = 10 * PAGE, 200 * PAGE
STEPS = 10


@dataclass
class Crowded:
    """A served account with thousands of rows of each kind; ``rare`` finds the one unlike the others, by filter."""

    api: Api
    rare: dict[str, str]

    def cost(self, path: str, name: str) -> int:
        """What a page of that list costs with that filter, or without one."""
        query: dict[str, Any] = {"page_size" if path.startswith("/api/v1/") else "limit": PAGE}
        query |= {name: self._value(path, name)} if name else {}
        with _statements(self.api.database) as asked:
            answer = self.api.client.get(
                path.replace("campaigns/{uid}", "campaigns/{campaign}").format(**self.rare),
                params=query,
            )
            assert answer.status_code == 200, answer.text
        measure = _steps if self.api.database.is_sqlite else _rows
        return max((measure(self.api.database, *one) for one in asked), default=0)

    def _value(self, path: str, name: str) -> str:
        if name == "status":
            return "canceled" if path == "/v1/calls/batch" else CallStatus.FAILED
        return self.rare[name]


@pytest.fixture
def crowded(database: Database, tmp_path: Path) -> Iterator[Crowded]:
    """Once on each kind of database."""
    with an_api(Settings(data=tmp_path), database) as api:
        yield Crowded(api, fill(api))


def test_every_filter_of_every_list_uses_an_index(crowded: Crowded) -> None:
    """Each is asked for what is rare among many, where reading on until a page is full would be dearest."""
    most = MOST_STEPS if crowded.api.database.is_sqlite else MOST_ROWS
    costs = {asked: crowded.cost(*asked) for asked in _filters(crowded.api)}
    assert {asked: cost for asked, cost in costs.items() if cost > most} == {}


def _filters(api: Api) -> Iterator[tuple[str, str]]:
    """The lists with pages, each without a filter and with each of those that the API documents."""
    kind = api.database.engine.dialect.name
    for path, operations in api.client.get("/openapi.json").json()["paths"].items():
        given = operations.get("get", {}).get("parameters", [])
        names = {_asked(one) for one in given if one["in"] == "query"}
        if names & PAGING:
            yield from (
                (path, name) for name in sorted({""} | names - PAGING) if (path, name, kind) not in UNBOUNDED
            )


def _asked(parameter: dict[str, Any]) -> str:
    """The parameter's name; with a key where it takes keys of the client's choice."""
    return f"{parameter['name']}[order]" if parameter.get("style") == "deepObject" else parameter["name"]


@contextmanager
def _statements(database: Database) -> Generator[list[tuple[str, Any]]]:
    """What is asked of the large tables meanwhile."""
    asked: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if any(f"FROM {table}" in statement for table in LARGE) and "LIMIT" in statement:
            asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", keep)
    try:
        yield asked
    finally:
        event.remove(database.engine, "before_cursor_execute", keep)


def _steps(database: Database, statement: str, parameters: Any) -> int:
    """How far SQLite's machine has to go."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += STEPS
        return 0

    with database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(count, STEPS)
        driver.execute(statement, parameters).fetchall()
        driver.set_progress_handler(None, 0)
    return steps


def _rows(database: Database, statement: str, parameters: Any) -> int:
    """How many rows the widest step of PostgreSQL's plan touches, those included that it throws away."""
    with database.engine.connect() as connection:
        explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        return max(map(_touched, _nodes(explained.scalar_one()[0]["Plan"])))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


def _touched(node: dict[str, Any]) -> int:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int((node["Actual Rows"] + removed) * node["Actual Loops"])
