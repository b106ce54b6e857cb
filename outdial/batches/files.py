"""Recipients out of a file: CSV of any common kind, read row by row."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from outdial.batches.encoding import find_delimiter, find_encoding
from outdial.batches.mapping import ColumnMapping, guess_mapping
from outdial.batches.request import Recipient
from outdial.errors import Invalid

# Rows that a guess looks at, and that a preview shows.
GUESSED_FROM = 100
HEADER_CHARS = 65_536
LONGEST_CELL = 100_000
# A first line that holds one is somebody who would not be called, were it taken for the header.
_NUMBER = re.compile(r"'?\+?(?:[ ()./-]*\d){7,15}")


@dataclass(frozen=True)
class Row:
    """One row: its cells by column, and the line on which it begins. ``error`` says why it can't be read."""

    line: int
    cells: dict[str, str]
    error: Invalid | None = None


class RecipientFile:
    """An uploaded file. It can be gone through several times, and is never held whole.

    Raises Invalid where it is no text, has no header, or a header twice; a number is no header.
    """

    def __init__(self, file: BinaryIO, *, encoding: str | None = None, region: str | None = None) -> None:
        self._file = file
        self._region = region
        self.encoding = find_encoding(file, encoding)
        self.delimiter = find_delimiter(self._beginning())
        self.headers = self._headers()

    def rows(self) -> Iterator[Row]:
        """The rows below the header; empty lines do not count."""
        source = self._records()
        next(source)
        for line, cells in source:
            if any(cell.strip() for cell in cells):
                yield self._row(line, cells)

    def mapping(self, given: ColumnMapping | None = None) -> ColumnMapping:
        """``given`` with every variable named, else a guess. Raises Invalid where neither is possible."""
        if given is not None:
            return given.completed(self.headers)
        guessed = self.guess()
        if guessed is None:
            columns = ", ".join(self.headers)
            raise Invalid(f"Which column is the number? Map one of: {columns}.", field="mapping")
        return guessed

    def guess(self) -> ColumnMapping | None:
        """The likely mapping."""
        first = [row.cells for row in islice(self.rows(), GUESSED_FROM)]
        return guess_mapping(self.headers, first, self._region)

    def recipients(self, mapping: ColumnMapping) -> Iterator[Recipient]:
        """The rows as recipients. An empty cell is a variable that is not given."""
        variables = mapping.variables or {}
        for row in self.rows():
            cells = row.cells
            given = {name: cells[column] for column, name in variables.items() if cells.get(column)}
            own = cells.get(mapping.external_id or "") or None
            # Spreadsheets mark text that looks like a formula by an apostrophe before it.
            phone = cells.get(mapping.phone, "").removeprefix("'")
            yield Recipient(phone, given, own, line=row.line, error=row.error)

    def _row(self, line: int, cells: list[str]) -> Row:
        named = dict(zip(self.headers, (cell.strip() for cell in cells), strict=False))
        if len(cells) <= len(self.headers) or not any(cells[len(self.headers) :]):
            return Row(line, named)
        message = f"The row has {len(cells)} cells, the header {len(self.headers)}."
        return Row(line, named, Invalid(message, code="malformed"))

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Each record and the line on which it begins."""
        csv.field_size_limit(LONGEST_CELL)
        text = self._text()
        reader = csv.reader(text, delimiter=self.delimiter)
        begins = 1
        try:
            for cells in reader:
                yield begins, cells
                begins = reader.line_num + 1
        except csv.Error as error:
            raise Invalid(f"Line {begins} and what follows can't be read: {error}.", field="file") from error
        except UnicodeError as error:
            message = f"The file is not in {self.encoding}, from line {begins} on: {error}."
            raise Invalid(message, field="file") from error
        finally:
            text.detach()  # the file stays open

    def _headers(self) -> list[str]:
        first = next(self._records(), None)
        headers = [cell.strip() for cell in first[1]] if first else []
        if not any(headers):
            raise Invalid("The file is empty; expected a header and rows.", field="file")
        if any(_NUMBER.fullmatch(header) for header in headers):
            message = "The first line holds a number; expected the names of the columns, such as phone,name."
            raise Invalid(message, field="file")
        named = [header for header in headers if header]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise Invalid(f"The header names {', '.join(twice)} more than once.", field="file")
        return headers

    def _beginning(self) -> str:
        text = self._text()
        try:
            return text.read(HEADER_CHARS)
        except UnicodeError as error:
            raise Invalid(f"The file is not in {self.encoding}.", field="file") from error
        finally:
            text.detach()

    def _text(self) -> io.TextIOWrapper:
        self._file.seek(0)
        return io.TextIOWrapper(self._file, self.encoding, newline="")
