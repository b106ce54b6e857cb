"""Reading and writing."""

import pytest
from sqlmodel import select

from outdial.models import Account
from outdial.store.database import Database
from tests.build import a_call, an_account


def test_a_write_that_ends_well_is_kept(database: Database) -> None:
    """Rows written in a block are there for the next reader."""
    with database.write() as session:
        call = a_call(session)
    with database.read() as session:
        assert session.get(Account, call.account_id)


def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    """An exception in the block rolls all of it back."""
    with pytest.raises(ZeroDivisionError):
        _write_and_fail(database)
    with database.read() as session:
        assert session.exec(select(Account)).all() == []


def test_instants_come_back_in_utc(database: Database) -> None:
    """A stored instant equals the one given, offset and all."""
    with database.write() as session:
        call = a_call(session)
    with database.read() as session:
        kept = session.get_one(type(call), call.id)
        assert kept.due_at == call.due_at
        assert kept.due_at.utcoffset() == call.due_at.utcoffset()


def test_sqlite_waits_for_the_disk_where_it_is_asked_to(sqlite: Database) -> None:
    """What a power cut must not undo is on the disk at the commit; other commits are a moment later."""
    assert [_waits(sqlite, durable=durable) for durable in (False, True, False)] == [1, 2, 1]


def _waits(database: Database, *, durable: bool) -> int:
    with database.write(durable=durable) as session:
        return session.connection().exec_driver_sql("PRAGMA synchronous").scalar_one()


def _write_and_fail(database: Database) -> None:
    with database.write() as session:
        an_account(session)
        raise ZeroDivisionError
