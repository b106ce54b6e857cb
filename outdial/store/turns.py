"""Taking turns: what several processes may begin at once, and only one may do at a time."""

import sqlalchemy as sa
from sqlmodel import Session

# Any number will do, if nobody else locks it in this database.
POSTGRES_TURN = 0x0D1A_10CD


def take_turn(session: Session) -> None:
    """Wait until no other transaction that asked for its turn is open. On SQLite a writer is alone anyway."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(POSTGRES_TURN)))
