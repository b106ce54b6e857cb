"""A batch's progress on the terminal: a bar, the rate, the outcomes."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from outdial.cli.console import err

# Seconds between two looks.
EVERY = 0.5
_ENDED = ("completed", "failed", "canceled")


def show_until_ended(look: Callable[[], dict[str, Any]], *, every: float = EVERY) -> None:
    """Draw the batch until it ends; where nobody watches, a line whenever something has changed."""
    batch = look()
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=err
    )
    task = bar.add_task(batch["name"], total=batch["total"])
    with Live(console=err, refresh_per_second=4, transient=False) as screen:
        while True:
            bar.update(task, completed=ended(batch), total=batch["total"], description=title(batch))
            screen.update(Group(bar, *_below(batch)))
            if batch["ended_at"] is not None:
                return
            time.sleep(every)
            batch = look()


def ended(batch: dict[str, Any]) -> int:
    """How many of its calls are over."""
    return sum(batch[name] for name in _ENDED)


def title(batch: dict[str, Any]) -> str:
    """The batch in a few words."""
    return f"{batch['name']} [{batch['status']}]".replace("[", "\\[")


def lines_below(batch: dict[str, Any]) -> list[str]:
    """What is said under the bar."""
    counts = ", ".join(
        f"{name.replace('_', ' ')} {batch[name]}" for name in ("pending", "in_progress", *_ENDED)
    )
    rate, answered = batch["calls_per_minute"], batch["answer_rate"]
    pace = [
        f"{rate:g} calls a minute" if rate is not None else "",
        f"answered {answered:.0%}" if answered is not None else "",
        f"ends about {_clock(batch['estimated_end_at'])}" if batch["estimated_end_at"] else "",
    ]
    outcomes = "  ".join(f"{name} {count}" for name, count in batch["outcomes"].items())
    return [line for line in (counts, ", ".join(part for part in pace if part), outcomes) if line]


def _below(batch: dict[str, Any]) -> list[Text]:
    return [Text(line) for line in lines_below(batch)]


def _clock(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone():%H:%M}"
