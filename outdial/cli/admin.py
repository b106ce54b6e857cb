"""`outdial account …` and `outdial key …`: administration, directly in the database."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from outdial.cli.console import explained, show_rows
from outdial.keys import create_key, revoke_key
from outdial.models import Account, ApiKey
from outdial.plans import Plan
from outdial.settings import Settings
from outdial.store.accounts import all_accounts, find_account, find_key, keys_of
from outdial.store.database import Database
from outdial.store.migrate import migrate

account_app = typer.Typer(help="Accounts: who pays, with which plan.", no_args_is_help=True)
key_app = typer.Typer(help="The API keys of an account.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
OfAccount = Annotated[str, typer.Argument(help="The account's id.")]


@contextmanager
def opened() -> Generator[Database]:
    """The settings' database, with its tables; errors are explained."""
    with explained():
        database = Database.from_settings(Settings(), "cli")
        try:
            migrate(database)
            yield database
        finally:
            database.close()


@account_app.command("create")
def create_account(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    plan: Annotated[Plan, typer.Option(help="How many lines it gets.")] = Plan.STARTER,
    lines: Annotated[int | None, typer.Option(min=0, help="Lines agreed on apart from the plan.")] = None,
    region: Annotated[str, typer.Option(help="Where national numbers are read, such as US.")] = "US",
    calls: Annotated[int | None, typer.Option(min=0, help="How many calls it may place; unset: any.")] = None,
    outbound: Annotated[bool, typer.Option(help="Whether it may call out; else test keys only.")] = True,
    as_json: AsJson = False,
) -> None:
    """Create an account. Example: outdial account create "Lakeside Dental" --plan growth."""
    allowed: dict[str, Any] = {"calls_remaining": calls, "outbound_enabled": outbound}
    with opened() as database, database.write() as session:
        account = Account(name=name, plan=plan, custom_lines=lines, default_region=region, **allowed)
        session.add(account)
    show_rows([_account_row(account)], as_json=as_json)


@account_app.command("update")
def update_account(
    account: OfAccount,
    plan: Annotated[Plan | None, typer.Option(help="How many lines it gets.")] = None,
    calls: Annotated[int | None, typer.Option(min=0, help="How many more calls it may place.")] = None,
    unlimited: Annotated[bool, typer.Option("--unlimited", help="Any number of calls.")] = False,
    outbound: Annotated[
        bool | None, typer.Option("--outbound/--no-outbound", help="Whether it may call out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change what an account may do. Example: outdial account update acct_01k… --calls 1000."""
    if unlimited and calls is not None:
        raise typer.BadParameter("Give --calls or --unlimited, not both.")
    given = {"plan": plan, "calls_remaining": calls, "outbound_enabled": outbound}
    with opened() as database, database.write() as session:
        row = find_account(session, account)
        for name, value in given.items():
            setattr(row, name, getattr(row, name) if value is None else value)
        row.calls_remaining = None if unlimited else row.calls_remaining
        session.add(row)
    show_rows([_account_row(row)], as_json=as_json)


@account_app.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """List all accounts, oldest first."""
    with opened() as database, database.read() as session:
        show_rows([_account_row(account) for account in all_accounts(session)], as_json=as_json)


@key_app.command("create")
def create_api_key(
    account: OfAccount,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "command line",
    test: Annotated[bool, typer.Option("--test", help="Its calls ring no phone and cost no quota.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create a key and print it, this once. Example: outdial key create acct_01k… --name crm."""
    with opened() as database, database.write() as session:
        key, secret = create_key(session, find_account(session, account).id, name, test=test)
    show_rows([{"id": key.id, "name": key.name, "key": secret}], as_json=as_json)


@key_app.command("list")
def list_keys(account: OfAccount, as_json: AsJson = False) -> None:
    """List an account's keys by their first characters."""
    with opened() as database, database.read() as session:
        found = keys_of(session, find_account(session, account).id)
    show_rows([_key_row(key) for key in found], as_json=as_json)


@key_app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, as `outdial key list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Make a key useless at once. Example: outdial key revoke key_01k…"""
    with opened() as database, database.write() as session:
        found = find_key(session, key)
        show_rows([_key_row(revoke_key(session, found.account_id, found.id))], as_json=as_json)


def _account_row(account: Account) -> dict[str, Any]:
    plan = {"plan": str(account.plan), "lines": account.lines}
    allowed = {"outbound": account.outbound_enabled, "calls_remaining": account.calls_remaining}
    return {"id": account.id, "name": account.name, **plan, **allowed, "created_at": account.created_at}


def _key_row(key: ApiKey) -> dict[str, Any]:
    row = {"id": key.id, "name": key.name, "prefix": key.prefix, "created_at": key.created_at}
    return {**row, "last_used_at": key.last_used_at, "revoked_at": key.revoked_at}
