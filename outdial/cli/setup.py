"""`outdial setup`: the database's tables, the first account, and what Temporal must know."""

import asyncio
import sys

from outdial.cli.access import FirstAccount, first_run_link, open_access
from outdial.cli.service import StartFailed
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.migrate import migrate


async def set_up_temporal(settings: Settings) -> None:
    """Make namespace settings, search attributes and Schedules. Raises StartFailed with what is wrong."""
    # A process of its own, because the domain knows nothing of Temporal.
    setup = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "engine.setup"), stderr=asyncio.subprocess.PIPE
    )
    try:
        _, words = await setup.communicate()
    finally:
        if setup.returncode is None:
            setup.kill()
    if setup.returncode != 0:
        address = settings.temporal_address
        raise StartFailed(f"Temporal at {address} could not be set up:\n{words.decode(errors='replace')}")


def set_up_database(settings: Settings, first: FirstAccount) -> tuple[str, str | None]:
    """Bring the tables to this release's and make the first account.

    The API key to use, and where the first admin signs up while there is none. Raises as `open_access` does.
    """
    database = Database.from_settings(settings, "setup")
    try:
        migrate(database)
        return open_access(database, settings, first), first_run_link(database, settings)
    finally:
        database.close()
