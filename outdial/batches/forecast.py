"""Whom a file's batch would skip and why, and who would have to wait, before anybody is called."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from outdial import numbers
from outdial.batches.files import RecipientFile
from outdial.batches.mapping import ColumnMapping
from outdial.contacts import consent
from outdial.errors import Invalid
from outdial.intake import timezone_for
from outdial.models import Account
from outdial.store import contacts, do_not_call
from outdial.store.database import Database
from outdial.windows import CallingHours

LOOKED_UP = 1_000
CHECKED_ROWS = 10_000


@dataclass
class Forecast:
    """Of the rows that were looked at: called, skipped by reason, and called later because of the hours there."""

    checked: int = 0
    called: int = 0
    skipped: Counter[str] = field(default_factory=Counter[str])
    later: Counter[datetime] = field(default_factory=Counter[datetime])


def forecast(
    database: Database,
    account: Account,
    file: RecipientFile,
    mapping: ColumnMapping,
    *,
    region: str | None,
    hours: CallingHours | None,
    timezone: str | None,
    starts: datetime,
) -> Forecast:
    """What would become of the file's first rows, as the lists stand now and the batch starts then."""
    found = Forecast()
    for chunk in _chunks(_numbers(file, mapping, region)):
        found.checked += len(chunk)
        fit = _without_unfit(found, chunk)
        for number in _without_forbidden(found, database, account, fit, starts):
            found.called += 1
            zone = ZoneInfo(timezone or timezone_for(None, number, account))
            opens = hours.next_open(starts, zone) if hours else starts
            if opens > starts:
                found.later[opens] += 1
    return found


def _numbers(file: RecipientFile, mapping: ColumnMapping, region: str | None) -> Iterator[str | None]:
    seen: set[str] = set()
    for recipient in islice(file.recipients(mapping), CHECKED_ROWS):
        number = None if recipient.error else _read(recipient.phone.strip(), region)
        yield number if number not in seen else ""
        if number:
            seen.add(number)


def _read(text: str, region: str | None) -> str | None:
    try:
        return numbers.read_any(text, region, field="phone") if region else numbers.read_e164(text, field="phone")
    except Invalid:
        return None


def _without_unfit(found: Forecast, chunk: Sequence[str | None]) -> list[str]:
    found.skipped["invalid"] += sum(number is None for number in chunk)
    found.skipped["duplicate"] += sum(not number for number in chunk if number is not None)
    return [number for number in chunk if number]


def _without_forbidden(
    found: Forecast, database: Database, account: Account, fit: list[str], starts: datetime
) -> list[str]:
    with database.read() as session:
        listed = do_not_call.listed(session, account.id, fit, starts)
        agreed: set[str] | None = None
        if account.consent_required:
            people = contacts.by_numbers(session, account.id, fit)
            ids = consent.consenting(session, account, list(people.values()))
            agreed = {number for number, person in people.items() if person.id in ids}
    found.skipped["do_not_call"] += len(listed)
    allowed = [number for number in fit if number not in listed]
    if agreed is None:
        return allowed
    found.skipped["no_consent"] += sum(number not in agreed for number in allowed)
    return [number for number in allowed if number in agreed]


def _chunks(source: Iterator[str | None]) -> Iterator[list[str | None]]:
    while chunk := list(islice(source, LOOKED_UP)):
        yield chunk
