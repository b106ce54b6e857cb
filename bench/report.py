"""Figures as people read them: a row a measure, beside its floor and its aim."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measure. ``floor`` is the same done by bare workflows; ``aim`` is in the words of the aim."""

    what: str
    value: float
    unit: str
    floor: float | None = None
    aim: str = ""

    @property
    def ratio(self) -> float | None:
        """The value as a share of its floor."""
        return self.value / self.floor if self.floor else None


def show(figures: Sequence[Figure]) -> None:
    """Print them as a table."""
    table = Table("measure", title="Outdial beside bare workflows")
    for heading in ("value", "floor", "ratio", "aim"):
        table.add_column(heading, justify="right")
    for figure in figures:
        floor = "" if figure.floor is None else _number(figure.floor, figure.unit)
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        table.add_row(figure.what, _number(figure.value, figure.unit), floor, ratio, figure.aim)
    Console().print(table)


def say(words: str) -> None:
    """One line of progress."""
    Console(stderr=True).print(words, style="dim")


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share (0 to 1) of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def middle(values: Sequence[float]) -> float:
    """Their median: machines drift, and one bad round must not decide."""
    return median(values)


def _number(value: float, unit: str) -> str:
    digits = 0 if value >= 1000 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()
