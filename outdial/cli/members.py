"""`outdial member …`: who may sign in to the dashboard."""

from typing import Annotated

import typer

from outdial import members
from outdial.cli.access import join_link
from outdial.cli.admin import AsJson, OfAccount, opened
from outdial.cli.console import show_rows
from outdial.models.base import utc_now
from outdial.models.member import Role
from outdial.settings import Settings
from outdial.store.accounts import find_account
from outdial.store.members import members_of

member_app = typer.Typer(help="People who sign in to the dashboard.", no_args_is_help=True)


@member_app.command("invite")
def invite(
    account: OfAccount,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.ADMIN,
    email: Annotated[str | None, typer.Option(help="Unset: whoever opens the link chooses one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print a link that makes one member, once. Example: outdial member invite acct_01k… --role admin."""
    with opened() as database, database.write() as session:
        account_id = find_account(session, account).id
        invitation, token = members.invite(session, account_id, role, utc_now(), email=email)
        link = join_link(Settings(), token)
    show_rows([{"role": str(role), "until": invitation.expires_at, "link": link}], as_json=as_json)


@member_app.command("list")
def list_members(account: OfAccount, as_json: AsJson = False) -> None:
    """List an account's members by email."""
    with opened() as database, database.read() as session:
        found = members_of(session, find_account(session, account).id)
    rows = [
        {"id": one.id, "email": one.email, "role": str(one.role), "created_at": one.created_at}
        for one in found
    ]
    show_rows(rows, as_json=as_json)
