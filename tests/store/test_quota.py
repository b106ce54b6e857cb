"""The quota of calls, counted by the database itself."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from outdial import quota
from outdial.errors import LimitReached
from outdial.models import Account
from outdial.store.database import Database
from outdial.store.lines import lock_account
from tests.build import a_call, an_account, an_agent


def an_account_with(database: Database, calls: int | None) -> str:
    """An account that may place so many calls."""
    with database.write() as session:
        return an_account(session, calls_remaining=calls).id


def left(database: Database, account_id: str) -> int | None:
    """What its row says."""
    with database.read() as session:
        return session.get_one(Account, account_id).calls_remaining


def take_and_fail(database: Database, account_id: str) -> None:
    """Something goes wrong after the call was counted."""
    with database.write() as session:
        quota.take(session, account_id)
        raise ZeroDivisionError


def at_once(work: Callable[[int], object], times: int, threads: int) -> list[object]:
    """What ``work`` answered, run by several threads."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, range(times)))


def test_each_call_takes_one(database: Database) -> None:
    """The answer is what remains."""
    account_id = an_account_with(database, 3)
    with database.write() as session:
        assert [quota.take(session, account_id) for _ in range(3)] == [2, 1, 0]
    assert left(database, account_id) == 0


def test_several_are_taken_together_or_not_at_all(database: Database) -> None:
    """A batch of five does not take the three that there are."""
    account_id = an_account_with(database, 3)
    with pytest.raises(LimitReached), database.write() as session:
        quota.take(session, account_id, 5)
    assert left(database, account_id) == 3
    with database.write() as session:
        assert quota.take(session, account_id, 3) == 0


def test_without_a_quota_nothing_is_counted(database: Database) -> None:
    """None stays None."""
    account_id = an_account_with(database, None)
    with database.write() as session:
        assert quota.take(session, account_id, 1000) is None
    assert left(database, account_id) is None


def test_what_is_rolled_back_was_not_taken(database: Database) -> None:
    """A transaction that fails gives back what it took."""
    account_id = an_account_with(database, 3)
    with pytest.raises(ZeroDivisionError):
        take_and_fail(database, account_id)
    assert left(database, account_id) == 3


def test_threads_at_once_never_take_the_same_call(database: Database) -> None:
    """Sixty takers of forty: every number from 39 to 0 is answered once, twenty are refused."""
    account_id = an_account_with(database, 40)

    def take(_: int) -> int | None:
        try:
            with database.write() as session:
                return quota.take(session, account_id)
        except LimitReached:
            return None

    taken = at_once(take, 60, 12)
    assert sorted(number for number in taken if isinstance(number, int)) == list(range(40))
    assert (taken.count(None), left(database, account_id)) == (20, 0)


def test_taking_does_not_collide_with_rows_of_the_account(database: Database) -> None:
    """Transactions that wrote rows of the account before they take, and the lock of admission, go together."""
    with database.write() as session:
        account = an_account(session, calls_remaining=100)
        agent = an_agent(session, account)

    def work(number: int) -> None:
        with database.write() as session:
            if number % 3 == 0:
                lock_account(session, account.id)
            a_call(session, agent)
            quota.take(session, account.id)

    at_once(work, 60, 10)
    assert left(database, account.id) == 40
