"""Numbers not to call, out of a file: many at a time, in short transactions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from outdial import numbers
from outdial.batches.request import Recipient
from outdial.errors import OutdialError
from outdial.models.base import utc_now
from outdial.store import do_not_call
from outdial.store.database import Database

CHUNK = 1_000
# Of the lines that can't be read so many are listed.
LISTED = 1_000


@dataclass(frozen=True)
class RefusedLine:
    """A line that holds no number, and why."""

    line: int
    number: str
    reason: str


@dataclass
class Listed:
    """What came of a file. A number that was on the list stays, for the longer of both times."""

    added: int = 0
    known: int = 0
    rejected_count: int = 0
    rejected: list[RefusedLine] = field(default_factory=list[RefusedLine])


@dataclass(frozen=True)
class Entry:
    """What the entries of one file have alike."""

    source: str
    note: str = ""
    expires_at: datetime | None = None


def take_in(
    database: Database, account_id: str, rows: Iterable[Recipient], entry: Entry, region: str | None
) -> Listed:
    """Put the rows' numbers on the account's list; with ``region`` national numbers are read too."""
    came = Listed()
    for chunk in _chunks(rows):
        found = [number for row in chunk if (number := _number(row, region, came)) is not None]
        wanted = list(dict.fromkeys(found))
        with database.write() as session:
            added = do_not_call.add_many(
                session,
                account_id,
                wanted,
                source=entry.source,
                note=entry.note,
                expires_at=entry.expires_at,
                now=utc_now(),
            )
        came.added += added
        came.known += len(found) - added
    return came


def _chunks(rows: Iterable[Recipient]) -> Iterator[Sequence[Recipient]]:
    source = iter(rows)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def _number(row: Recipient, region: str | None, came: Listed) -> str | None:
    text = row.phone.strip()
    try:
        if row.error is not None:
            raise row.error
        if region is None:
            return numbers.read_e164(text, field="number", check_length=False)
        return numbers.read_any(text, region, field="number")
    except OutdialError as error:
        came.rejected_count += 1
        if len(came.rejected) < LISTED:
            came.rejected.append(RefusedLine(row.line or 0, text[:100], error.message))
        return None
