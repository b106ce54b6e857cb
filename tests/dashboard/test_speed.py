"""Pages with a million calls behind them."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from outdial.ids import new_id
from outdial.models import Batch, BatchStatus
from outdial.models.base import utc_now
from outdial.models.member import Role
from outdial.settings import Settings
from outdial.store.database import Database
from tests.build import version_of
from tests.dashboard.pages import Pages, some_pages

pytestmark = pytest.mark.slow

CALLS = 1_000_000
BATCHED = 200_000
# The best of a few, because other tests may run beside this one. A page that looked at all calls would take hundreds
# of times as long as with none.
TRIES = 5
AT_MOST = 10

# Written by the database itself: copies of one call, a second apart, of every status in turn.
_COPIES = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :calls)
INSERT INTO call ({columns}) SELECT {values} FROM n
"""


@pytest.fixture(scope="module")
def crowded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """An account with a million calls, some of them in one batch."""
    folder = tmp_path_factory.mktemp("crowded")
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, folder / 'outdial.db')}")
    with some_pages(Settings(data=folder / "data"), database) as pages:
        _fill(pages)
        yield pages


@pytest.fixture(scope="module")
def admin(crowded: Pages) -> httpx.Client:
    return crowded.signed_in(Role.ADMIN)


@pytest.mark.parametrize(
    "page",
    [
        "",
        "/calls",
        "/calls?status=failed",
        "/calls?outcome=BOOKED",
        "/calls?agent=AGENT",
        "/calls?search=%2B12025550123",
        "/calls?since=2020-01-01&until=2020-01-02",
        "/calls/CALL",
        "/calls/new",
        "/batches",
        "/batches/BATCH",
        "/batches/BATCH?after=150000",
        "/agents",
        "/do-not-call",
        "/webhooks",
        "/deliveries",
        "/settings",
    ],
)
def test_a_page_does_not_slow_down_as_calls_grow(crowded: Pages, admin: httpx.Client, page: str) -> None:
    """With a million of them it takes about as long as a page without any."""
    floor = _best(admin, "/dashboard/calls/new")
    page = (
        page.replace("AGENT", crowded.agent.id)
        .replace("CALL", "call_500000")
        .replace("BATCH", _batch_id(crowded))
    )
    assert _best(admin, f"/dashboard{page}") < AT_MOST * floor


def _best(client: httpx.Client, address: str) -> float:
    return min(_milliseconds(client, address) for _ in range(TRIES))


def _milliseconds(client: httpx.Client, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return (time.perf_counter() - began) * 1000


def _batch_id(pages: Pages) -> str:
    return next(iter(pages.known - {"admin@example.com"}))


def _fill(pages: Pages) -> None:
    call = pages.call(status="completed", outcome="BOOKED", disposition="answered", workflow_started=True)
    batch_id = _batch(pages)
    pages.known.add(batch_id)
    own = {
        "id": "'call_' || i",
        "number": "'+1202' || (1000000 + i)",
        "batch_id": f"CASE WHEN i <= {BATCHED} THEN '{batch_id}' END",
        "batch_row": f"CASE WHEN i <= {BATCHED} THEN i END",
        "status": "CASE i % 4 WHEN 0 THEN 'failed' ELSE 'completed' END",
        "outcome": "CASE i % 4 WHEN 0 THEN 'NO_ANSWER' WHEN 1 THEN 'REFUSED' ELSE 'BOOKED' END",
        "created_at": "datetime('now', '-' || i || ' seconds') || '.000000'",
        "started_at": "datetime('now', '-' || i || ' seconds') || '.000000'",
        "ended_at": "datetime('now', '-' || i || ' seconds') || '.000000'",
    }
    with pages.database.write() as session:
        columns = [row[1] for row in session.connection().execute(text("PRAGMA table_info(call)"))]
        first = "(SELECT {} FROM call WHERE id = :like)"
        values = ", ".join(own.get(name, first.format(f'"{name}"')) for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        statement = text(_COPIES.format(columns=names, values=values))
        session.connection().execute(statement, {"calls": CALLS, "like": call.id})


def _batch(pages: Pages) -> str:
    now = utc_now()
    with pages.database.write() as session:
        batch = Batch(
            id=new_id("batch"),
            account_id=pages.account.id,
            name="Everybody",
            agent_id=pages.agent.id,
            agent_version_id=version_of(session, pages.agent).id,
            due_at=now,
            max_duration_seconds=900,
            status=BatchStatus.COMPLETED,
            rows=BATCHED + 1,
            started_at=now,
            ended_at=now,
        )
        session.add(batch)
    return batch.id
