"""Whom a file's batch would skip and why, and who would have to wait, before anybody is called."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from outdial import numbers
from outdial.agents.briefing import Brief
from outdial.batches.files import RecipientFile
from outdial.batches.mapping import ColumnMapping
from outdial.batches.request import Recipient
from outdial.contacts import consent
from outdial.errors import OutdialError
from outdial.intake import check_variables, timezone_for
from outdial.models import Account, AgentDefinition
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
    definition: AgentDefinition | None,
    hours: CallingHours | None,
    timezone: str | None,
    starts: datetime,
) -> Forecast:
    """What would become of the file's first rows, as the lists stand now and the batch starts then.

    Without ``hours`` the account's hold.
    """
    if hours is None and account.calling_hours:
        hours = CallingHours.model_validate(account.calling_hours)
    found = Forecast()
    for chunk in _chunks(_judged(file, mapping, region, definition)):
        found.checked += len(chunk)
        found.skipped.update(reason for _, reason in chunk if reason)
        fit = [number for number, reason in chunk if not reason]
        for number in _without_forbidden(found, database, account, fit, starts):
            found.called += 1
            zone = ZoneInfo(timezone or timezone_for(None, number, account))
            opens = hours.next_open(starts, zone) if hours else starts
            if opens > starts:
                found.later[opens] += 1
    return found


def _judged(
    file: RecipientFile, mapping: ColumnMapping, region: str | None, definition: AgentDefinition | None
) -> Iterator[tuple[str, str]]:
    """Each row's number, and why it would be skipped as far as the file alone tells; empty if it would not."""
    seen: set[str] = set()
    for recipient in islice(file.recipients(mapping), CHECKED_ROWS):
        try:
            number = _read(recipient, region)
        except OutdialError:
            yield "", "invalid"
            continue
        yield number, "duplicate" if number in seen else _missing(recipient, definition)
        seen.add(number)


def _read(recipient: Recipient, region: str | None) -> str:
    if recipient.error is not None:
        raise recipient.error
    text = recipient.phone.strip()
    return numbers.read_any(text, region, field="phone") if region else numbers.read_e164(text, field="phone")


def _missing(recipient: Recipient, definition: AgentDefinition | None) -> str:
    try:
        if definition is not None:
            check_variables(definition, recipient.variables, Brief())
    except OutdialError:
        return "missing_variables"
    return ""


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
    found.skipped += Counter(do_not_call=len(listed))
    allowed = [number for number in fit if number not in listed]
    if agreed is None:
        return allowed
    found.skipped += Counter(no_consent=sum(number not in agreed for number in allowed))
    return [number for number in allowed if number in agreed]


def _chunks(source: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    while chunk := list(islice(source, LOOKED_UP)):
        yield chunk
