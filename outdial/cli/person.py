"""`outdial person …`: what is kept of whoever has a number, and forgetting it."""

import json
from typing import Annotated

import typer

from outdial.cli.admin import opened
from outdial.cli.console import err, out
from outdial.contacts import erasure
from outdial.models.base import utc_now
from outdial.numbers import read_e164
from outdial.store.accounts import find_account
from outdial.store.people import person_with

person_app = typer.Typer(help="What is kept of a person, with or without a contact.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="E.164, such as +14155550142.")]
Account = Annotated[str, typer.Option("--account", help="The account's id.")]


@person_app.command("export")
def export(number: Number, account: Account) -> None:
    """Print all that is kept of them, as JSON. Example: outdial person export +14155550142 --account acct_01k…"""
    with opened() as database, database.read() as session:
        wanted = read_e164(number, field="number", check_length=False)
        person = person_with(session, find_account(session, account).id, wanted)
        kept = {"number": wanted, "kept": erasure.export(session, person)}
    out.print_json(json.dumps(kept, ensure_ascii=False))


@person_app.command("erase")
def erase(
    number: Number,
    account: Account,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Forget them for good; their calls stay without them. Example: outdial person erase +1415… --account acct_01k…"""
    if not yes:
        typer.confirm(f"Forget all that is kept of {number}? It can't be taken back.", abort=True, err=True)
    with opened() as database, database.write() as session:
        wanted = read_e164(number, field="number", check_length=False)
        erasure.erase(session, person_with(session, find_account(session, account).id, wanted), utc_now())
    err.print("Forgotten.")
