"""A schedule with a million calls that have ended, written by the database itself."""

from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import SQLModel

from outdial.ids import new_id
from outdial.models import Agent, Attempt, AttemptState, Batch, Call, CallStatus, Disposition
from outdial.models.base import utc_now
from outdial.store.database import Database
from tests.build import a_call

_ANSWERED, _BUSY, _SILENT = Disposition.ANSWERED, Disposition.BUSY, Disposition.NO_ANSWER
# Of ten calls four are answered, one is busy, five ring out; the outcome follows.
_DISPOSITION = f"CASE WHEN n % 10 < 4 THEN '{_ANSWERED}' WHEN n % 10 = 4 THEN '{_BUSY}' ELSE '{_SILENT}' END"
_OUTCOME = "CASE WHEN n % 10 < 2 THEN 'BOOKED' WHEN n % 10 < 4 THEN 'REFUSED' ELSE 'NO_ANSWER' END"
_NUMBERED = {
    "sqlite": "WITH RECURSIVE numbered(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbered WHERE n < {rows})",
    "postgresql": "WITH numbered AS (SELECT generate_series(1, {rows}) AS n)",
}
_PADDED = {"sqlite": "printf('%0{width}d', n)", "postgresql": "lpad(n::text, {width}, '0')"}


def fill(database: Database, schedule_id: str, rows: int) -> None:
    """Give the schedule so many calls, each with an attempt."""
    kind = database.engine.dialect.name
    call, attempt = _patterns(database, schedule_id)
    ids, number = f"'call_' || {_padded(kind, 26)}", f"'+1202' || {_padded(kind, 7)}"
    of_call = {
        "id": ids,
        "batch_row": "n",
        "number": number,
        "external_id": "'CUST-' || n",
        "first_name": "'First' || (n % 997)",
        "last_name": "'Last' || (n % 1009)",
        "phonetic_first_name": "'Phonetic' || (n % 991)",
        "email": "'person' || n || '@example.com'",
        "disposition": _DISPOSITION,
        "outcome": _OUTCOME,
    }
    of_attempt = {
        "id": f"'att_' || {_padded(kind, 26)}",
        "call_id": ids,
        "dial_key": f"{ids} || '-1'",
        "disposition": _DISPOSITION,
    }
    for table, pattern, own in ((Call, call, of_call), (Attempt, attempt, of_attempt)):
        _multiply(database, table, pattern, own, rows)
    _finish(database, schedule_id, call, attempt, rows)


def _patterns(database: Database, schedule_id: str) -> tuple[str, str]:
    """A call of the schedule and its attempt, as the many are to be: their ids."""
    with database.write() as session:
        batch = session.get_one(Batch, schedule_id)
        listed: dict[str, Any] = {
            "account_id": batch.account_id,
            "batch_id": batch.id,
            "schedule_id": batch.id,
        }
        call = a_call(
            session,
            session.get_one(Agent, batch.agent_id),
            **listed,
            may_repeat=True,
            status=CallStatus.COMPLETED,
            workflow_started=True,
            ended_at=utc_now(),
        )
        attempt = Attempt(
            **listed,
            call_id=call.id,
            number=1,
            dial_key=new_id("key"),
            carrier="simulated",
            intended_at=utc_now(),
            ended_at=utc_now(),
            state=AttemptState.ENDED,
        )
        session.add(attempt)
        return call.id, attempt.id


def _multiply(
    database: Database, model: type[SQLModel], pattern: str, own: dict[str, str], rows: int
) -> None:
    """Rows like the pattern, but for the columns that are given as expressions of ``n``."""
    table, kind = cast("Any", model).__table__, database.engine.dialect.name
    columns = [column.name for column in table.columns]
    chosen = ", ".join(own.get(name, f"pattern.{name}") for name in columns)
    statement = (
        f"{_NUMBERED[kind].format(rows=rows)} INSERT INTO {table.name} ({', '.join(columns)})"
        f" SELECT {chosen} FROM numbered, {table.name} AS pattern WHERE pattern.id = :pattern"
    )
    if kind == "sqlite":  # which wants the common table behind INTO
        head, body = statement.split(" INSERT INTO ", 1)
        target, rest = body.split(" SELECT ", 1)
        statement = f"INSERT INTO {target} {head} SELECT {rest}"
    with database.write() as session:
        session.connection().execute(sa.text(statement), {"pattern": pattern})


def _finish(database: Database, schedule_id: str, call: str, attempt: str, rows: int) -> None:
    """Take the patterns away, and let the database see what it has."""
    with database.write() as session:
        session.delete(session.get_one(Attempt, attempt))
        session.flush()
        session.delete(session.get_one(Call, call))
        session.get_one(Batch, schedule_id).rows = rows
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE"))


def _padded(kind: str, width: int) -> str:
    return _PADDED[kind].format(width=width)
