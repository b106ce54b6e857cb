"""Which column of a file is the number and which are variables: as given, else guessed."""

import re
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from outdial import numbers
from outdial.errors import Invalid

_PHONE_NAMES = re.compile(
    r"(recipient|customer|contact|mobile|cell|tele|home|work|e164|to)?[ _-]*"
    r"(phone|telephone|mobile|cell|msisdn|number|phone[ _-]*number|mobile[ _-]*number|tel)([ _-]*(no|nr|e164))?",
    re.IGNORECASE,
)
_ID_NAMES = re.compile(
    r"(external|customer|client|contact|lead|patient|record)?[ _-]*(id|ref|reference)", re.I
)


class ColumnMapping(BaseModel):
    """What each column means. Columns that are not named are left out."""

    model_config = ConfigDict(extra="forbid")

    phone: str = Field(description="The column with the number.", examples=["Mobile"])
    external_id: str | None = Field(default=None, description="The column with your own name for the person.")
    variables: dict[str, str] | None = Field(
        default=None,
        description="Column to variable; unset: every other column under its own name.",
        examples=[{"customer_name": "name"}],
    )

    def completed(self, headers: Sequence[str]) -> "ColumnMapping":
        """The same with every variable named. Raises Invalid for a column that the file does not have."""
        taken = {self.phone, self.external_id}
        others = {header: header for header in headers if header and header not in taken}
        mapped = self.variables if self.variables is not None else others
        for column in [self.phone, self.external_id, *mapped]:
            if column is not None and column not in headers:
                raise Invalid(
                    f"The file has no column {column!r}; it has: {', '.join(headers)}.", field="mapping"
                )
        _check_unique(list(mapped.values()))
        return self.model_copy(update={"variables": mapped})


def guess_mapping(
    headers: Sequence[str], rows: Sequence[Mapping[str, str]], region: str | None
) -> ColumnMapping | None:
    """The likely mapping, by what columns are called and what is in them; None where none looks like numbers."""
    phone = _named(headers, _PHONE_NAMES) or _full_of_numbers(headers, rows, region)
    if phone is None:
        return None
    own = _named([header for header in headers if header != phone], _ID_NAMES)
    return ColumnMapping(phone=phone, external_id=own).completed(headers)


def _named(headers: Sequence[str], names: re.Pattern[str]) -> str | None:
    return next((header for header in headers if names.fullmatch(header.strip())), None)


def _full_of_numbers(
    headers: Sequence[str], rows: Sequence[Mapping[str, str]], region: str | None
) -> str | None:
    for header in headers:
        cells = [row.get(header, "") for row in rows]
        if cells and sum(_is_number(cell, region) for cell in cells) > len(cells) / 2:
            return header
    return None


def _is_number(text: str, region: str | None) -> bool:
    try:
        numbers.read_any(text, region or "ZZ", field="phone")
    except Invalid:
        return False
    return len(text) > 6


def _check_unique(names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Invalid(f"More than one column is mapped to {', '.join(twice)}.", field="mapping")
