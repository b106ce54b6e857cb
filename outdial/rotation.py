"""Rotating the keys of secrets at rest: everything that is stored is sealed anew with the newest key."""

from outdial.secrets import SecretBox, SecretUnreadable
from outdial.store.database import Database
from outdial.store.sealed import COLUMNS, reseal_page

PAGE = 100


class Rotation:
    """One pass over all that is stored. May run while everything works, and again at any time."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box
        self.sealed = 0
        self.unreadable = 0  # by any key; left as they are

    def run(self) -> None:
        """Go over everything; what was changed meanwhile is not lost, because rows are locked page by page."""
        for model in COLUMNS:
            after = ""
            while True:
                with self._database.write() as session:
                    page = reseal_page(session, model, self._reseal, after=after, limit=PAGE)
                if not page:
                    break
                after = page[-1]

    def _reseal(self, sealed: str) -> str:
        try:
            fresh = self._box.reencrypt(sealed)
        except SecretUnreadable:
            self.unreadable += 1
            return sealed
        self.sealed += 1
        return fresh
