"""What the demo shows: calls as they go, and at the end what came of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from outdial.cli.demo.people import Person
from outdial.cli.demo.receiver import Received
from outdial.settings import Settings

Calls = Sequence[tuple[Person, Mapping[str, Any]]]

ENDED = ("completed", "failed", "canceled")
_COLOURS = {"completed": "green", "failed": "yellow", "canceled": "red", "in_progress": "cyan"}


def ended(calls: Calls) -> int:
    """How many calls have come to their end."""
    return sum(call["status"] in ENDED for _, call in calls)


def live(calls: Calls, webhooks: int) -> RenderableType:
    """The calls as they are now, with how far all of it has come."""
    table = Table(
        "who", "number", "who that is", "status", "now", "dials", "outcome", box=None, header_style="bold"
    )
    for person, call in calls:
        table.add_row(person.name, person.number, person.fate, _status(call), _now(call), *_results(call))
    done = ended(calls)
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        ProgressBar(len(calls), done, width=30), f"{done} of {len(calls)} calls done, {webhooks} webhooks"
    )
    return Group(Text(), table, Text(), bar)


def outcomes(calls: Calls) -> RenderableType:
    """What came of each call."""
    table = Table(
        "who",
        "status",
        "outcome",
        "mood",
        "dials",
        "seconds",
        "summary",
        title="Outcomes",
        title_style="bold",
    )
    for person, call in calls:
        dials, outcome = _results(call)
        facts = (person.name, _status(call), outcome, call["sentiment"] or "", dials, _seconds(call))
        table.add_row(*facts, call["summary"] or call["end_reason"] or "")
    return table


def transcript(person: Person, told: Mapping[str, Any]) -> RenderableType:
    """One conversation, turn by turn."""
    lines = Text()
    for turn in (turn for attempt in told["attempts"] for turn in attempt["turns"]):
        is_agent = turn["speaker"] == "agent"
        lines.append("agent  " if is_agent else f"{person.name:6} ", "cyan" if is_agent else "magenta")
        lines.append(f"{turn['text']}\n")
    lines.rstrip()
    return Panel(lines, title=f"What was said with {person.name}", title_align="left")


def webhooks(received: Sequence[Received]) -> RenderableType:
    """How many of each event were delivered, and whether their signatures were right."""
    table = Table("event", "delivered", "signature verified", title="Webhooks", title_style="bold")
    verified = Counter(one.event for one in received if one.verified)
    for event, delivered in sorted(Counter(one.event for one in received).items()):
        table.add_row(event, str(delivered), str(verified[event]))
    return table


def where_next(settings: Settings, key: str, call_id: str) -> RenderableType:
    """Where to look now."""
    workflow = f"namespaces/{settings.temporal_namespace}/workflows/{call_id}"
    places = (
        ("API docs", f"{settings.base_url}/docs"),
        ("Temporal UI", f"{settings.temporal_ui_url}/{workflow}"),
        ("key", key),
        ("try", f"curl -H 'Authorization: Bearer {key}' {settings.base_url}/v1/calls/{call_id}"),
    )
    lines = (Text(f"  {name:12} {place}", no_wrap=True, overflow="ignore") for name, place in places)
    return Group(Text(), Text("Where to look next", "bold"), *lines)


def _status(call: Mapping[str, Any]) -> Text:
    return Text(call["status"], _COLOURS.get(call["status"], ""))


def _now(call: Mapping[str, Any]) -> str:
    return str(call["hold_reason"] or call["progress"])


def _results(call: Mapping[str, Any]) -> tuple[str, str]:
    return str(call["attempts_made"]), call["outcome"] or call["disposition"] or ""


def _seconds(call: Mapping[str, Any]) -> str:
    if not call["ended_at"]:
        return ""
    lasted = datetime.fromisoformat(call["ended_at"]) - datetime.fromisoformat(call["created_at"])
    return f"{lasted.total_seconds():.1f}"
