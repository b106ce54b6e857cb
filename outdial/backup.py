"""Backups of an installation on one machine: taken while it runs, put back where none does.

What belongs together is Temporal's database, Outdial's, and the files beside them. Temporal's is copied first: then
the rows know at least what the workflows know, and whatever a workflow does again it finds done.
"""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from outdial.errors import Conflict, Invalid
from outdial.media.store import FOLDER as RECORDINGS
from outdial.models.base import utc_now
from outdial.secrets import KEY_FILE
from outdial.settings import Settings

TEMPORAL, OUTDIAL, MANIFEST = "temporal.db", "outdial.db", "backup.json"
# Beside the databases; not all of them are there.
FILES = (KEY_FILE, "api-key")
SECRET = 0o700


@dataclass(frozen=True)
class Backup:
    """A folder with a backup, and when it was taken: later than that it knows of nothing."""

    folder: Path
    taken_at: datetime


def take(settings: Settings, folder: Path) -> Backup:
    """Copy the installation into a new folder, also while it works. Raises Invalid or Conflict."""
    database = _embedded(settings)
    if not database.exists():
        raise Invalid(
            f"There is no database in {settings.data}: nothing has run here yet.", field="OUTDIAL_DATA"
        )
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty.")
    folder.mkdir(mode=SECRET, parents=True, exist_ok=True)
    if (settings.data / TEMPORAL).exists():
        _copy_database(settings.data / TEMPORAL, folder / TEMPORAL)
    _copy_database(database, folder / OUTDIAL)
    taken_at = utc_now()
    _copy_files(settings.data, folder)
    # Last: a folder without it is no whole backup.
    (folder / MANIFEST).write_text(json.dumps({"taken_at": taken_at.isoformat()}))
    return Backup(folder, taken_at)


def put_back(settings: Settings, folder: Path, *, force: bool = False) -> Backup:
    """Make the data folder what the backup says. With ``force`` one that is not empty is set aside, not deleted.

    Raises Invalid for a folder without a whole backup, Conflict where there is something already. That nothing runs
    in the data folder is for the caller to see to.
    """
    database, found = _embedded(settings), read(folder)
    for name in (TEMPORAL, OUTDIAL):
        if (folder / name).exists():
            _check(folder / name)
    if settings.data.exists() and any(settings.data.iterdir()):
        if not force:
            raise Conflict(f"{settings.data} is not empty. With --force it is set aside first.")
        settings.data.rename(_aside(settings.data))
    settings.data.mkdir(parents=True, exist_ok=True)
    if (folder / TEMPORAL).exists():
        _copy_database(folder / TEMPORAL, settings.data / TEMPORAL)
    _copy_database(folder / OUTDIAL, database)
    _copy_files(folder, settings.data)
    return found


def read(folder: Path) -> Backup:
    """The backup in that folder. Raises Invalid where there is none, or it was not completed."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        return Backup(folder, datetime.fromisoformat(manifest["taken_at"]))
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError) as error:
        raise Invalid(f"There is no whole backup in {folder}.", field="folder") from error


def _embedded(settings: Settings) -> Path:
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite" or url.database is None:
        tools = "pg_dump or your server's own backups; see Back-up in docs/operations.md"
        raise Invalid(
            f"This is for the embedded database. For PostgreSQL use {tools}.", field="OUTDIAL_DATABASE_URL"
        )
    return Path(url.database)


def _copy_database(source: Path, target: Path) -> None:
    """As the database is at one instant, whoever writes to it meanwhile."""
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
    target.chmod(0o600)
    _check(target)


def _check(database: Path) -> None:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            verdict = connection.execute("PRAGMA quick_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            verdict = str(error)
    if verdict != "ok":
        raise Invalid(f"{database} is damaged: {verdict}.", field="folder")


def _copy_files(source: Path, target: Path) -> None:
    for name in FILES:
        if (source / name).exists():
            shutil.copy2(source / name, target / name)
    if (source / RECORDINGS).is_dir():
        shutil.copytree(source / RECORDINGS, target / RECORDINGS, dirs_exist_ok=True)


def _aside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.before-{utc_now():%Y%m%dT%H%M%S}")
