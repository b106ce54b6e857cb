"""What the command line writes: results to standard output, everything else to standard error."""

import json
import re
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from outdial.cli.service import StartFailed
from outdial.errors import OutdialError

WIDEST = 1_000
_DATE = re.compile(r"^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)\S*")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def explained() -> Generator[None]:
    """Errors that a person can mend end the command with status 1 and one sentence, not a traceback."""
    try:
        yield
    except OutdialError as error:
        err.print(Text(f"{error.field}: {error.message}" if error.field else error.message, "red"))
        raise typer.Exit(1) from error
    except StartFailed as error:
        err.print(Text(str(error), "red"))
        raise typer.Exit(1) from error


def show_line(name: str, line: str) -> None:
    """One line that a part of the stack wrote, cut to the terminal's width."""
    text = Text.assemble((f"{name:>8} ", "cyan"), _DATE.sub(r"\1", line))
    text.truncate(err.width, overflow="ellipsis")
    err.print(text)


def show_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Rows as a table for people, or as JSON for programs."""
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2, default=str) + "\n")
        return
    table = Table(box=None)
    for name in rows[0] if rows else ["nothing"]:
        table.add_column(name, no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    # An id that was cut to the terminal's width would be of no use.
    Console(width=WIDEST, highlight=False).print(table)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return "" if value is None else str(value)
