"""Listings of an account's calls: which filters there are, and how they are asked of either database."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, text, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Session, col
from sqlmodel.sql.expression import SelectOfScalar

from outdial.models import AgentVersion, Call
from outdial.models.call import HAS_METADATA
from outdial.store.scope import rows_of
from outdial.vocabulary import CallStatus

# As many digits as a double holds.
_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,3})?")


@dataclass(frozen=True)
class CallFilter:
    """What to list; None and empty do not narrow. ``created_to`` itself is not included."""

    status: CallStatus | None = None
    outcome: str | None = None
    number: str | None = None
    agent_id: str | None = None
    batch_id: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


def calls_matching(session: Session, account_id: str, wanted: CallFilter) -> SelectOfScalar[Call]:
    """A query over the account's calls that match all of the filter."""
    query = rows_of(account_id, Call)
    for name in ("status", "outcome", "number", "agent_id", "batch_id"):
        value = getattr(wanted, name)
        query = query if value is None else query.where(getattr(Call, name) == value)
    if wanted.created_from is not None:
        query = query.where(Call.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        query = query.where(Call.created_at < wanted.created_to)
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    has = _has_on_postgresql if is_postgresql else _has_on_sqlite
    return query.where(*(has(key, value) for key, value in wanted.metadata.items()))


def calls_to_contacts(account_id: str) -> SelectOfScalar[Call]:
    """A query over the account's calls that have a contact and first words of their own."""
    return rows_of(account_id, Call).where(
        col(Call.contact_id).is_not(None), col(Call.initial_message).is_not(None)
    )


def agent_versions(session: Session, account_id: str, calls: Iterable[Call]) -> dict[str, int]:
    """The agent's version of each call, by the id that the call keeps."""
    ids = {call.agent_version_id for call in calls}
    found = session.exec(rows_of(account_id, AgentVersion).where(col(AgentVersion.id).in_(ids))).all()
    return {version.id: version.version for version in found}


def _has_on_postgresql(key: str, value: str) -> ColumnElement[bool]:
    metadata = type_coerce(Call.client_metadata, JSONB)
    meant = (metadata.contains({key: one}) for one in _meanings(value))
    return and_(text(HAS_METADATA), or_(*meant))  # said again, so that the partial index is seen to fit


def _has_on_sqlite(key: str, value: str) -> ColumnElement[bool]:
    # SQLite's paths have no way to write a quote inside a key, so the key is compared as a value.
    each = func.json_each(Call.client_metadata).table_valued("key", "value", "type")
    kinds = [_is_on_sqlite(each, one) for one in _meanings(value)]
    return exists(select(1).select_from(each).where(each.c.key == key, or_(*kinds)))


def _is_on_sqlite(each: Any, value: Any) -> ColumnElement[bool]:
    if isinstance(value, bool):
        return each.c.type == ("true" if value else "false")
    kind = ("text",) if isinstance(value, str) else ("integer", "real")
    return and_(each.c.type.in_(kind), each.c.value == value)


def _meanings(value: str) -> list[Any]:
    """A filter's text may mean a text, or a number or boolean that is written so."""
    if value in ("true", "false"):
        return [value, value == "true"]
    return [value, float(value)] if _NUMBER.fullmatch(value) else [value]
