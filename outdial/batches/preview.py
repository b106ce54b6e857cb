"""What an upload would bring, without taking it in."""

from dataclasses import dataclass, field

from outdial import numbers
from outdial.agents.briefing import Brief
from outdial.batches.files import RecipientFile
from outdial.batches.mapping import ColumnMapping
from outdial.batches.request import Recipient
from outdial.errors import OutdialError
from outdial.intake import check_variables
from outdial.models import AgentDefinition

SHOWN_ROWS = 10
# Beyond so many rows a preview only counts; the upload checks them all.
CHECKED_ROWS = 10_000
SHOWN_ERRORS = 100


@dataclass
class RowError:
    """What is wrong with a row, and where it begins."""

    line: int
    field: str | None
    code: str
    reason: str


@dataclass
class Preview:
    """A look at a file."""

    mapping: ColumnMapping | None
    rows: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    total: int = 0
    checked: int = 0
    error_count: int = 0
    errors: list[RowError] = field(default_factory=list[RowError])


def preview(
    file: RecipientFile,
    given: ColumnMapping | None,
    *,
    region: str | None,
    definition: AgentDefinition | None,
) -> Preview:
    """The first rows and what is wrong with each; ``definition`` tells which variables are needed.

    Raises Invalid for a mapping that does not fit the file, or a file that can't be read.
    """
    mapping = given.completed(file.headers) if given is not None else file.guess()
    found = Preview(mapping)
    for row in file.rows():
        found.total += 1
        if len(found.rows) < SHOWN_ROWS:
            found.rows.append(row.cells)
    if mapping is not None:
        _check(file, mapping, found, region, definition)
    return found


def _check(
    file: RecipientFile,
    mapping: ColumnMapping,
    found: Preview,
    region: str | None,
    definition: AgentDefinition | None,
) -> None:
    seen: dict[str, int] = {}
    for recipient in file.recipients(mapping):
        if found.checked == CHECKED_ROWS:
            return
        found.checked += 1
        error = _wrong_with(recipient, seen, region, definition)
        if error is not None:
            found.error_count += 1
            if len(found.errors) < SHOWN_ERRORS:
                found.errors.append(error)


def _wrong_with(
    recipient: Recipient, seen: dict[str, int], region: str | None, definition: AgentDefinition | None
) -> RowError | None:
    line = recipient.line or 0
    try:
        if recipient.error is not None:
            raise recipient.error
        number = _number(recipient.phone.strip(), region)
        if definition is not None:
            check_variables(definition, recipient.variables, Brief())
    except OutdialError as error:
        return RowError(line, error.field, error.code, error.message)
    if number in seen:
        return RowError(line, "phone", "duplicate", f"The same number as in line {seen[number]}.")
    seen[number] = line
    return None


def _number(text: str, region: str | None) -> str:
    if region is None:
        return numbers.read_e164(text, field="phone")
    return numbers.read_any(text, region, field="phone")
