"""Which rows an account may see. This is the only place that writes the condition; a check in CI holds it."""

from typing import Any, TypeVar

from sqlalchemy import ColumnElement
from sqlmodel import Session, SQLModel, select
from sqlmodel.sql.expression import SelectOfScalar

from outdial.errors import NotFound

Row = TypeVar("Row", bound=SQLModel)

_NAMES = {
    "WebhookEndpoint": "webhook endpoint",
    "ApiKey": "API key",
    "DoNotCall": "do-not-call entry",
    "OAuthClient": "OAuth client",
}


def owned_by(account_id: str, model: type[SQLModel]) -> ColumnElement[bool]:
    """The condition itself, for queries that count or join."""
    owned: Any = model
    return owned.account_id == account_id


def rows_of(account_id: str, model: type[Row]) -> SelectOfScalar[Row]:
    """A query over the rows of ``model`` that this account owns."""
    return select(model).where(owned_by(account_id, model))


def find(session: Session, account_id: str, model: type[Row], row_id: str) -> Row | None:
    """This account's row with that id, or None."""
    owned: Any = model
    return session.exec(rows_of(account_id, model).where(owned.id == row_id)).first()


def get(session: Session, account_id: str, model: type[Row], row_id: str, *, field: str | None = None) -> Row:
    """This account's row with that id.

    Raises NotFound, in the same words whether the row does not exist or is another account's.
    """
    row = find(session, account_id, model, row_id)
    if row is None:
        name = _NAMES.get(model.__name__, model.__name__.lower())
        raise NotFound(f"There is no {name} {row_id!r}.", field=field)
    return row
