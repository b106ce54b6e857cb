"""Databases as earlier releases left them: at any revision, with a row in every table."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from outdial.store.database import Database
from outdial.store.migrate import MIGRATIONS, configuration, locked

BOOKKEEPING = "alembic_version"
# What may come after the last revision: it changes the largest table, which SQLite does by copying it.
NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "next", "{head}"

def upgrade():
    with op.batch_alter_table("call") as batch_op:
        batch_op.add_column(sa.Column("mood", sa.String(), nullable=False, server_default="calm"))
        batch_op.alter_column("timezone", existing_type=sa.String(), nullable=True)
"""


def all_revisions() -> Sequence[str]:
    """Every revision there is, the oldest first."""
    return [each.revision for each in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]


def upgrade(database: Database, revision: str, more: Path | None = None) -> None:
    """Bring it to that revision; ``more`` is a folder with revisions that no release has."""
    with locked(database) as connection:
        config = configuration(connection)
        if more is not None:
            config.set_main_option("path_separator", "newline")
            config.set_main_option("version_locations", f"{MIGRATIONS / 'versions'}\n{more}")
        command.upgrade(config, revision)


def write_next(folder: Path) -> None:
    """A revision that no release has, after the last one."""
    (folder / "next.py").write_text(NEXT.format(head=all_revisions()[-1]))


def fill(database: Database) -> dict[str, int]:
    """Put one row into every table, whatever the tables are; answers how many each has."""
    tables = sa.MetaData()
    with database.engine.begin() as connection:
        tables.reflect(connection)
        made: dict[str, dict[str, Any]] = {}
        for table in tables.sorted_tables:
            if table.name != BOOKKEEPING:
                made[table.name] = {column.name: _value(column, made) for column in table.columns}
                connection.execute(table.insert().values(made[table.name]))
    return count(database)


def count(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    tables = sa.MetaData()
    with database.engine.connect() as connection:
        tables.reflect(connection)
        named = {table.name: table for table in tables.sorted_tables if table.name != BOOKKEEPING}
        return {
            name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for name, table in named.items()
        }


def indexes(database: Database) -> set[str]:
    """All indexes, with what they are over and of which rows."""
    inspector = sa.inspect(database.engine)
    found = [index for name in inspector.get_table_names() for index in inspector.get_indexes(name)]
    return {
        f"{index['name']} {index['column_names']} {index['unique']} {_of_which(index)}" for index in found
    }


def _of_which(index: Any) -> list[str]:
    return sorted(f"{name}={value}" for name, value in index.get("dialect_options", {}).items())


def _value(column: sa.Column[Any], made: dict[str, dict[str, Any]]) -> Any:
    """Something that fits the column; what it refers to is there already."""
    for key in column.foreign_keys:
        return made[key.column.table.name][key.column.name]
    kinds: list[tuple[type[Any], Any]] = [
        (sa.JSON, {}),
        (sa.Boolean, False),
        (sa.DateTime, datetime(2026, 1, 1, tzinfo=UTC)),
        (sa.Float, 1),
        (sa.Integer, 1),
    ]
    return next((value for kind, value in kinds if isinstance(column.type, kind)), "x")
