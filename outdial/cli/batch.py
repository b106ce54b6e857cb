"""`outdial batch …`: a file of people, called, watched, steered, reported."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from outdial.cli.batch_screen import show_until_ended
from outdial.cli.console import err, explained, show_rows
from outdial.cli.remote import remote
from outdial.errors import Invalid

batch_app = typer.Typer(help="Batches: many people called from a file.", no_args_is_help=True)

PATH = "/v1/calls/batch"
SHOWN_ROWS = 10
_COLUMNS = ("id", "name", "status", "total", "pending", "in_progress", "completed", "failed", "answer_rate")

OfBatch = Annotated[str, typer.Argument(help="The batch's id.")]
Url = Annotated[str | None, typer.Option("--url", help="The API; unset: this installation's.")]
Key = Annotated[
    str | None, typer.Option("--key", help="An API key; unset: OUTDIAL_API_KEY, or the one kept here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


@batch_app.command()
def create(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV with a header.")],
    agent: Annotated[str, typer.Option(help="The id of the agent that talks.")],
    phone: Annotated[str | None, typer.Option(help="The column with the number; unset: guessed.")] = None,
    maps: Annotated[list[str] | None, typer.Option("--map", help="column=variable; may be repeated.")] = None,
    external_id: Annotated[
        str | None, typer.Option(help="The column with your own name for a person.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What people call the batch.")] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Lines at most; unset: all there are.")
    ] = None,
    spacing: Annotated[float, typer.Option(min=0, help="Seconds between two dials.")] = 0,
    at: Annotated[
        str | None, typer.Option(help="When to start, ISO 8601 or Unix seconds; unset: now.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Dial nobody from then on, ISO 8601 or Unix seconds.")
    ] = None,
    hours: Annotated[
        str | None,
        typer.Option(help="Dial only then, such as 09:00-18:00, by the clock where each number is."),
    ] = None,
    days: Annotated[
        str | None, typer.Option(help="Days of those hours, such as mon,tue; unset: all.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="IANA name: one clock for all, wherever the numbers are.")
    ] = None,
    retry_after: Annotated[
        list[int] | None,
        typer.Option(help="Dial who was not reached again so many minutes later; repeated: and again."),
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="Read national numbers as this country's, such as US.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Take nothing if any row can't be taken.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only look at the file; call nobody.")] = False,
    watching: Annotated[bool, typer.Option("--watch", help="Then show its progress until it ends.")] = False,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Call the people in a file. Columns that are not mapped are variables of their own name.

    Example: outdial batch create people.csv --agent agent_01k… --map customer_name=name --watch
    """
    with explained(), remote(url, key) as api:
        given = {"default_region": region, "agent_id": agent}
        seen = api.send(f"{PATH}/preview", file, _present(given))
        mapping = _mapping(seen, phone, external_id, maps or [])
        if check:
            again = api.send(f"{PATH}/preview", file, _present({**given, "mapping": json.dumps(mapping)}))
            err.print(f"{again['total_rows']} rows, {again['error_count'] or 'none'} with an error")
            if again["errors"] or as_json:
                show_rows(again["errors"], as_json=as_json)
            raise typer.Exit(1 if again["error_count"] else 0)
        terms = {"name": name, "concurrency": concurrency, "spacing_seconds": spacing, "timezone": timezone}
        times = {
            "schedule_at": at,
            "ends_at": until,
            "window": _window(hours, days),
            "retry": _retry(retry_after),
        }
        asked = {**given, **terms, **times, "mapping": json.dumps(mapping), "strict": strict}
        batch = api.send(f"{PATH}/upload", file, _present(asked))
        _tell_rejected(batch)
        show_rows([_row(batch)], as_json=as_json)
        if watching:
            show_until_ended(lambda: api.get(f"{PATH}/{batch['id']}"))


@batch_app.command("list")
def list_batches(url: Url = None, key: Key = None, as_json: AsJson = False) -> None:
    """List batches, newest first."""
    with explained(), remote(url, key) as api:
        show_rows([_row(batch) for batch in api.get(PATH)["data"]], as_json=as_json)


@batch_app.command()
def watch(batch: OfBatch, url: Url = None, key: Key = None) -> None:
    """Show a batch's progress until it ends. Ctrl-C stops watching, not the batch."""
    with explained(), remote(url, key) as api:
        show_until_ended(lambda: api.get(f"{PATH}/{batch}"))


@batch_app.command()
def pause(batch: OfBatch, url: Url = None, key: Key = None, as_json: AsJson = False) -> None:
    """Dial nobody further; live conversations go on."""
    _steer(batch, "pause", None, url, key, as_json=as_json)


@batch_app.command()
def resume(batch: OfBatch, url: Url = None, key: Key = None, as_json: AsJson = False) -> None:
    """Take up where a pause left off."""
    _steer(batch, "resume", None, url, key, as_json=as_json)


@batch_app.command()
def cancel(
    batch: OfBatch,
    graceful: Annotated[bool, typer.Option(help="Let live conversations end by themselves.")] = False,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """End all calls of a batch that have not ended."""
    _steer(batch, "cancel", {"graceful": graceful}, url, key, as_json=as_json)


@batch_app.command()
def report(
    batch: OfBatch,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A .csv or .xlsx file.")] = None,
    bom: Annotated[
        bool, typer.Option(help="CSV for old spreadsheets: begin with a byte order mark.")
    ] = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Download every recipient with what came of it. Example: outdial batch report batch_01k… -o april.xlsx."""
    target = output or Path(f"{batch}.csv")
    with explained(), remote(url, key) as api:
        if target.suffix not in (".csv", ".xlsx"):
            raise Invalid("Expected a name that ends with .csv or .xlsx.", field="output")
        api.fetch(f"{PATH}/{batch}/report{target.suffix}", target, **({"bom": "true"} if bom else {}))
    err.print(f"Wrote {target}")


def _steer(
    batch: str, action: str, body: dict[str, Any] | None, url: str | None, key: str | None, *, as_json: bool
) -> None:
    with explained(), remote(url, key) as api:
        show_rows([_row(api.post(f"{PATH}/{batch}/{action}", body))], as_json=as_json)


def _mapping(seen: dict[str, Any], phone: str | None, own: str | None, maps: list[str]) -> dict[str, Any]:
    """What the file's columns mean: as the options say, else as it was guessed."""
    guessed = seen["mapping"] or {"phone": None, "external_id": None}
    number, own = phone or guessed["phone"], own or guessed["external_id"]
    if number is None:
        raise Invalid(f"Which column is the number? One of: {', '.join(seen['headers'])}.", field="--phone")
    named = dict(_pair(each) for each in maps)
    others = [header for header in seen["headers"] if header and header not in (number, own, *named)]
    return {"phone": number, "external_id": own, "variables": {**{name: name for name in others}, **named}}


def _pair(text: str) -> tuple[str, str]:
    column, separator, variable = text.partition("=")
    if not separator or not column or not variable:
        raise Invalid(f"Expected column=variable, found {text!r}.", field="--map")
    return column, variable


def _window(hours: str | None, days: str | None) -> str | None:
    """The calling hours as the API takes them."""
    if hours is None:
        if days is not None:
            raise Invalid("Expected the hours of those days, such as 09:00-18:00.", field="--hours")
        return None
    start, _, end = hours.partition("-")
    named = {"days": [day.strip().lower() for day in days.split(",")]} if days else {}
    return json.dumps({"start": start.strip(), "end": end.strip(), **named})


def _retry(minutes: list[int] | None) -> str | None:
    return json.dumps({"intervals": [60 * each for each in minutes]}) if minutes else None


def _present(fields: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in fields.items() if value is not None}


def _tell_rejected(batch: dict[str, Any]) -> None:
    for row in batch["rejected"][:SHOWN_ROWS]:
        err.print(f"line {row['line']}: {row['phone']}: {row['reason']}", markup=False)
    if batch["rejected_count"]:
        err.print(
            f"{batch['rejected_count']} of {batch['accepted_count'] + batch['rejected_count']} rows refused"
        )


def _row(batch: dict[str, Any]) -> dict[str, Any]:
    return {name: batch[name] for name in _COLUMNS}
