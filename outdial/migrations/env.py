"""What Alembic runs: migrates the connection that it was given, or compares it with the models."""

from typing import Any, Literal, cast

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import TypeDecorator

from outdial.models import Account
from outdial.models.base import JsonColumn, UtcDateTime


def render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Our own column types as plain ones: a revision must not change when the models do."""
    if kind != "type":
        return False
    if item is JsonColumn:
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, TypeDecorator):
        item = cast("TypeDecorator[Any]", item).impl_instance
    if isinstance(item, sa.String):  # and sa.Enum, which is one
        return f"sa.String({item.length or ''})"
    return False


def run() -> None:
    """Brings the given connection to the wanted revision, within the transaction that it is in."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Account.metadata,
        render_item=render,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
