"""`outdial backup`, `restore`, `hold` and `release`: an installation put away, and what follows when it comes back."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from outdial import backup as backups
from outdial.cli.admin import opened
from outdial.cli.console import err, explained
from outdial.cli.pids import PidFile
from outdial.lifecycle import Lifecycle
from outdial.links import Links
from outdial.models import Call
from outdial.models.base import utc_now
from outdial.settings import Settings
from outdial.store import holding
from outdial.store.accounts import find_account
from outdial.store.database import Database
from outdial.vocabulary import CallStatus

RESTORED = "restored"

Change = Callable[[Session, Call], bool]

Folder = Annotated[Path, typer.Argument(help="The folder of the backup.")]


def backup(folder: Folder) -> None:
    """Copy this installation into a new folder, also while it runs: databases, keys, recordings.

    The folder holds the keys that open the secrets in it: keep it as safe as those.

    Example: outdial backup /safe/monday
    """
    with explained():
        taken = backups.take(Settings(), folder)
    err.print(f"Everything up to {taken.taken_at:%Y-%m-%d %H:%M:%S} UTC is in {taken.folder}.")


def restore(
    folder: Folder,
    force: Annotated[
        bool, typer.Option("--force", help="Set a data folder that is not empty aside.")
    ] = False,
    hold_calls: Annotated[
        bool, typer.Option("--hold/--no-hold", help="Hold calls that may have been dialled since the backup.")
    ] = True,
) -> None:
    """Put a backup back into the data folder; nothing may run there. Then `outdial up` goes on.

    Calls that were due by now are held, as they may have been dialled since: see `outdial release`. Use --no-hold
    only where nothing was dialled after the backup. Example: OUTDIAL_DATA=data outdial restore /safe/monday
    """
    settings = Settings()
    with explained():
        PidFile.of(settings).check_free()
        found = backups.put_back(settings, folder, force=force)
    err.print(f"{settings.data} is as it was on {found.taken_at:%Y-%m-%d at %H:%M:%S} UTC.")
    with opened() as database:
        _tell(_come_back(database, utc_now() if hold_calls else None))


def hold(
    due_before: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M:%S"], help="UTC; calls due later are not held. Unset: now."),
    ] = None,
) -> None:
    """After PostgreSQL was restored by its own means: what `outdial restore` does once the files are there.

    Run it before a worker starts. Example: outdial hold
    """
    until = due_before.replace(tzinfo=UTC) if due_before else utc_now()
    with opened() as database:
        _tell(_come_back(database, until))


def release(
    account: Annotated[str | None, typer.Option(help="Only of this account.")] = None,
    end: Annotated[bool, typer.Option("--end", help="End them as failed instead of dialling them.")] = False,
) -> None:
    """Let calls be dialled that are held since a backup was restored, or end them. Example: outdial release --end."""
    change = _end if end else _release
    with opened() as database:
        if account is not None:
            with database.read() as session:
                find_account(session, account)
        done, live = _all_held(database, account, change)
    err.print(f"{done} calls were {'ended' if end else 'released'}.")
    if live:
        err.print(
            f"{live} are being dialled or talked with now and stay held: do it again when they have ended."
        )


def _all_held(database: Database, account_id: str | None, change: Change) -> tuple[int, int]:
    """Change every call that is held, a page at a time; answers how many were, and how many could not be."""
    done, met, after = 0, 0, ""
    while True:
        with database.write() as session:
            page = holding.held(session, account_id, after=after)
            done += sum(change(session, call) for call in page)
        if not page:
            return done, met - done
        met, after = met + len(page), page[-1].id


def _release(session: Session, call: Call) -> bool:
    call.held = False
    session.add(call)
    return True


def _end(session: Session, call: Call) -> bool:
    """End a call that is not under way; what the backup knows to be dialled is seen to its end first."""
    if call.status is not CallStatus.SCHEDULED:
        return False
    Lifecycle(Links(Settings())).end_call(session, call, CallStatus.FAILED, utc_now(), reason=RESTORED)
    return _release(session, call)


def _come_back(database: Database, due_before: datetime | None) -> int:
    """Everything that has not ended is started again; what was due before then is held. Answers how many are."""
    with database.write() as session:
        holding.start_again(session)
        return holding.hold(session, due_before) if due_before is not None else 0


def _tell(held: int) -> None:
    if held:
        err.print(
            f"{held} calls were due before now and may have been dialled since the backup. They are held:"
            " `outdial release` lets them be dialled, `outdial release --end` ends them."
        )
