"""Writes a revision from what the models have and the migrations lack: ``make migration NAME="…"``."""

import subprocess
import sys
from tempfile import TemporaryDirectory

from alembic import command

from outdial.store.database import Database
from outdial.store.migrate import MIGRATIONS, configuration, locked, migrate

VERSIONS = MIGRATIONS / "versions"


def revise(message: str) -> None:
    """Adds a module to outdial/migrations/versions. Read it before it is committed."""
    number = len(list(VERSIONS.glob("[0-9]*.py"))) + 1
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/model.db")
        migrate(database)
        with locked(database) as connection:
            command.revision(configuration(connection), message, autogenerate=True, rev_id=f"{number:04}")
        database.close()
    for tool in (["check", "--fix-only"], ["format"]):
        subprocess.run([sys.executable, "-m", "ruff", *tool, "-q", str(VERSIONS)], check=True)  # noqa: S603


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1]:
        sys.exit('Say what changes: make migration NAME="adds a column"')
    revise(sys.argv[1])
