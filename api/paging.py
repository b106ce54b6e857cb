"""Pages of a listing, newest first: an opaque cursor over (created_at, id) says where the next one begins."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, Field
from sqlalchemy import literal, tuple_
from sqlmodel import Session, SQLModel, col
from sqlmodel.sql.expression import SelectOfScalar

from outdial.errors import Invalid
from outdial.models.base import UtcDateTime

MAX_LIMIT = 200


class Dated(Protocol):
    """A row that can be listed."""

    id: str
    created_at: datetime


Row = TypeVar("Row", bound=SQLModel)
Item = TypeVar("Item", bound=BaseModel)


@dataclass(frozen=True)
class Page:
    """What part of a listing is asked for: at most ``limit`` rows that come after ``after``."""

    limit: int
    after: tuple[datetime, str] | None = None


class Listing(BaseModel, Generic[Item]):
    """One page of a listing."""

    data: list[Item]
    next_cursor: str | None = Field(None, description="The `cursor` of the next page; null on the last.")


def read_page(
    session: Session, query: SelectOfScalar[Row], model: type[Row], page: Page
) -> tuple[Sequence[Row], str | None]:
    """The rows of one page, newest first, and the cursor of the next page if there is one."""
    columns: Any = model
    created_at, row_id = col(columns.created_at), col(columns.id)
    if page.after is not None:
        at, last_id = page.after
        query = query.where(tuple_(created_at, row_id) < tuple_(literal(at, UtcDateTime), literal(last_id)))
    ordered = query.order_by(created_at.desc(), row_id.desc()).limit(page.limit + 1)
    rows = session.exec(ordered).all()
    shown = rows[: page.limit]
    return shown, write_cursor(shown[-1]) if len(rows) > page.limit else None


def write_cursor(row: Any) -> str:
    """The cursor of what follows ``row``, which has ``created_at`` and ``id``."""
    return base64.urlsafe_b64encode(f"{row.created_at.isoformat()} {row.id}".encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """The place a cursor names. Raises Invalid."""
    try:
        at, row_id = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode().split(" ")
        instant = datetime.fromisoformat(at)
    except (ValueError, binascii.Error):
        raise Invalid("This is no cursor of ours.", field="cursor") from None
    if instant.tzinfo is None or "\0" in row_id:
        raise Invalid("This is no cursor of ours.", field="cursor")
    return instant, row_id
