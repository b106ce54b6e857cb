"""Columns that are encrypted at rest, to go over them when keys are rotated."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlmodel import Session, SQLModel, select

from outdial.models import Account, WebhookEndpoint

COLUMNS: dict[type[SQLModel], Sequence[str]] = {
    Account: ("webhook_secret", "previous_webhook_secret"),
    WebhookEndpoint: ("secret", "previous_secret"),
}


def reseal_page(
    session: Session, model: type[SQLModel], reseal: Callable[[str], str], *, after: str, limit: int
) -> Sequence[str]:
    """Seal anew what the next rows keep, and lock them for it; the ids of these rows, none at the end."""
    keyed: Any = model
    query = select(model).where(keyed.id > after).order_by(keyed.id).limit(limit).with_for_update()
    rows: Sequence[Any] = session.exec(query).all()
    for row in rows:
        for column in COLUMNS[model]:
            sealed: str | None = getattr(row, column)
            if sealed is not None:
                setattr(row, column, reseal(sealed))
        session.add(row)
    return [row.id for row in rows]
