"""Calls per second, before the carrier."""

from datetime import UTC, datetime, timedelta

import pytest

from outdial.carriers.base import DialRate
from outdial.carriers.pacing import NoSlot, Slot, stop, take_slot
from outdial.models import Account
from outdial.store.database import Database
from tests.build import an_account

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
RATE = DialRate("twilio:AC1", 1)


def _take(database: Database, account: Account, now: datetime, rate: DialRate | None = RATE) -> Slot | NoSlot:
    with database.write() as session:
        return take_slot(session, account, rate, now)


@pytest.fixture
def account(database: Database) -> Account:
    with database.write() as session:
        return an_account(session)


def test_dials_are_a_second_apart(database: Database, account: Account) -> None:
    """The first at once, the next after a second, a third asks again."""
    assert _take(database, account, NOW) == Slot(0)
    assert _take(database, account, NOW) == Slot(1)
    assert isinstance(_take(database, account, NOW), NoSlot)
    assert _take(database, account, NOW + timedelta(seconds=2)) == Slot(0)


def test_all_accounts_share_the_carrier_s_pace(database: Database, account: Account) -> None:
    """They dial through one account there."""
    with database.write() as session:
        other = an_account(session)
    assert _take(database, account, NOW) == Slot(0)
    assert _take(database, other, NOW) == Slot(1)


def test_an_account_can_have_a_pace_of_its_own(database: Database, account: Account) -> None:
    """Slower than the carrier's."""
    account.calls_per_second = 0.5
    assert _take(database, account, NOW, DialRate("twilio:AC1", 100)) == Slot(0)
    assert isinstance(_take(database, account, NOW, DialRate("twilio:AC1", 100)), NoSlot)
    assert _take(database, account, NOW + timedelta(seconds=1), DialRate("twilio:AC1", 100)) == Slot(1)


def test_a_carrier_without_a_pace_is_not_paced(database: Database, account: Account) -> None:
    """Simulated people are dialled as fast as can be."""
    assert {_take(database, account, NOW, None) for _ in range(5)} == {Slot(0)}


def test_nothing_is_dialled_while_the_carrier_refuses_the_account(
    database: Database, account: Account
) -> None:
    """For a minute, in which nobody asks; then somebody tries again."""
    with database.write() as session:
        stop(session, RATE, "wrong token", NOW)
    refused = _take(database, account, NOW)
    assert refused == NoSlot("The carrier does not dial for us: wrong token.", asks=2, seconds=60)
    assert _take(database, account, NOW + timedelta(seconds=61)) == Slot(0)
