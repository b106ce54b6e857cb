"""The commands and their options."""

from typing import Annotated

import typer

from outdial.cli.access import FirstAccount, key_file
from outdial.cli.admin import account_app, key_app, opened
from outdial.cli.backup import backup, hold, release, restore
from outdial.cli.batch import batch_app
from outdial.cli.console import err, explained, show_rows
from outdial.cli.demo.run import run as run_demo
from outdial.cli.members import member_app
from outdial.cli.person import person_app
from outdial.cli.secrets import secrets_app
from outdial.cli.settings import rows
from outdial.cli.setup import set_up_database, set_up_temporal
from outdial.cli.up import run_until_stopped, stay_up
from outdial.settings import Settings

app = typer.Typer(
    help="Durable outbound phone calls with AI agents.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command()(backup)
app.command()(restore)
app.command()(hold)
app.command()(release)
app.add_typer(batch_app, name="batch")
app.add_typer(account_app, name="account")
app.add_typer(key_app, name="key")
app.add_typer(member_app, name="member")
app.add_typer(person_app, name="person")
app.add_typer(secrets_app, name="secrets")


@app.command()
def up() -> None:
    """Run Temporal, the API and a worker on this machine, until Ctrl-C.

    Settings are environment variables: OUTDIAL_DATA (folder, default ./data), OUTDIAL_API_PORT,
    OUTDIAL_TEMPORAL_PORT, OUTDIAL_UI_PORT, OUTDIAL_API_KEY, OUTDIAL_DATABASE_URL, OUTDIAL_TEMPORAL_ADDRESS.

    Example: OUTDIAL_API_PORT=8080 outdial up
    """
    with explained():
        run_until_stopped(stay_up(Settings()))


@app.command()
def demo(
    leave: Annotated[bool, typer.Option("--exit", help="Leave when all is done, with status 0.")] = False,
    carrier: Annotated[str, typer.Option(help="Who dials: simulated or twilio-emulator.")] = "simulated",
) -> None:
    """Call a handful of simulated people with different fates, live; takes less than a minute.

    It has a data folder of its own (data/demo), which it empties first, and takes other ports where the
    usual ones are taken.

    Example: outdial demo --exit
    """
    with explained():
        run_until_stopped(run_demo(leave=leave, carrier=carrier))


@app.command()
def doctor(
    model: Annotated[str | None, typer.Option(help="A model to look at too: provider:model.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Look whether everything is there that a real call needs, and say what to do where it is not.

    Ends with status 1 unless all is well.

    Example: outdial doctor --model openai:gpt-5.2
    """
    # Twilio's library takes a second to import, and no other command needs it.
    from outdial.cli.doctor import examine

    with explained():
        findings = list(examine(Settings(), model))
    show_rows(
        [
            {"": "ok" if each.is_well else "!!", "what": each.what, "found": each.found, "to do": each.cure}
            for each in findings
        ],
        as_json=as_json,
    )
    if not all(each.is_well for each in findings):
        raise typer.Exit(1)


@app.command()
def setup() -> None:
    """Make what the parts need, when they run by themselves: tables, first account, Temporal's namespace.

    Once before each release starts, and harmless at any other time, by several at once too. Waits a minute for a
    Temporal that is still starting.

    Example: OUTDIAL_TEMPORAL_ADDRESS=temporal.internal:7233 outdial setup
    """
    with explained():
        now = Settings()
        now.data.mkdir(parents=True, exist_ok=True)
        _, first_run = set_up_database(now, FirstAccount())
        run_until_stopped(set_up_temporal(now))
    if now.api_key is None:
        err.print(f"The API key is in {key_file(now)}.")
    if first_run:
        err.print(f"The first admin of the dashboard signs up at {first_run}", soft_wrap=True)
    err.print("Everything is set up.")


@app.command()
def migrate() -> None:
    """Bring the database to this release's tables; harmless where there is nothing to do.

    Example: OUTDIAL_DATABASE_URL=postgresql://localhost/outdial outdial migrate
    """
    with opened():
        err.print("The database has this release's tables.")


@app.command()
def settings(
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """List every setting with its value here; secrets are not shown.

    Example: OUTDIAL_API_PORT=8080 outdial settings
    """
    show_rows(rows(), as_json=as_json)
