"""Many rows of any table, written by the database itself: copies of one, with what is to differ."""

from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import SQLModel

from outdial.store.database import Database

_NUMBERED = {
    "sqlite": "WITH RECURSIVE numbered(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbered WHERE n < {rows})",
    "postgresql": "WITH numbered AS (SELECT generate_series(1, {rows}) AS n)",
}
# Behind some signs of the row that is copied, so that copies of several rows stay apart.
_PADDED = {"sqlite": "'00{}' || printf('%018d', n)", "postgresql": "'00{}' || lpad(n::text, 18, '0')"}


def multiply(database: Database, like: SQLModel, rows: int, **own: str) -> str:
    """So many rows like this one. ``own``: SQL expressions of ``n`` (from 1) by column; answers that of the ids.

    The ids are such as ours are: a prefix and a ULID, which no row has that was made in this century.
    """
    table, kind = cast("Any", type(like)).__table__, database.engine.dialect.name
    row_id: str = cast("Any", like).id
    ids = f"'{row_id[:-26]}' || {_PADDED[kind].format(row_id[-12:-6])}"
    given = {"id": ids, **own}
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    chosen = ", ".join(given.get(column.name, f'pattern."{column.name}"') for column in table.columns)
    numbered = _NUMBERED[kind].format(rows=rows)
    statement = (
        f'INSERT INTO "{table.name}" ({columns}) {numbered} '
        f'SELECT {chosen} FROM numbered, "{table.name}" AS pattern WHERE pattern.id = :pattern'
    )
    with database.write() as session:
        session.connection().execute(sa.text(statement), {"pattern": row_id})
    return ids


def analyze(database: Database) -> None:
    """Let the database see what it has, as it does by itself in time."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE"))
