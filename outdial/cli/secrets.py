"""`outdial secrets …`: the keys that keep secrets and payloads."""

import typer
from cryptography.fernet import Fernet

from outdial.cli.admin import AsJson, opened
from outdial.cli.console import out, show_rows
from outdial.rotation import Rotation
from outdial.secrets import SecretBox
from outdial.settings import Settings

secrets_app = typer.Typer(help="Keys of secrets at rest, and their rotation.", no_args_is_help=True)


@secrets_app.command("key")
def new_key() -> None:
    """Make a key for OUTDIAL_SECRET_KEYS or OUTDIAL_PAYLOAD_KEYS; it is printed and kept nowhere."""
    out.print(Fernet.generate_key().decode())


@secrets_app.command("rotate")
def rotate(as_json: AsJson = False) -> None:
    """Seal every stored secret anew with the first of OUTDIAL_SECRET_KEYS; any of them may have sealed it before.

    May run while everything works. Ends with status 1 if some secret can't be read with any of the keys.
    """
    with opened() as database:
        rotation = Rotation(database, SecretBox.from_settings(Settings()))
        rotation.run()
    show_rows([{"sealed anew": rotation.sealed, "unreadable": rotation.unreadable}], as_json=as_json)
    if rotation.unreadable:
        raise typer.Exit(1)
