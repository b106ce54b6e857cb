"""Whom a file's batch would skip, and who would wait."""

import io
from datetime import UTC, datetime, time
from typing import Any

import pytest

from outdial.batches.files import RecipientFile
from outdial.batches.forecast import Forecast, forecast
from outdial.models import Account
from outdial.store import do_not_call
from outdial.store.database import Database
from outdial.windows import CallingHours
from tests.build import a_definition, an_account

# Noon in New York, night in Kolkata.
NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)


@pytest.fixture
def account(database: Database) -> Account:
    with database.write() as session:
        return an_account(session)


def looked_at(
    database: Database,
    account: Account,
    *rows: str,
    hours: CallingHours | None = None,
    region: str | None = None,
) -> Forecast:
    """The forecast of these rows."""
    content = "\n".join(["phone,first_name", *rows])
    file = RecipientFile(io.BytesIO(content.encode()), region=region)
    given: dict[str, Any] = {"hours": hours, "timezone": None, "starts": NOW, "definition": a_definition()}
    return forecast(database, account, file, file.mapping(), region=region, **given)


def test_rows_that_fit_are_called(database: Database, account: Account) -> None:
    """All of them, now."""
    found = looked_at(database, account, "+12025550101,Ada", "+12025550102,Bo")
    assert (found.checked, found.called, dict(found.skipped), dict(found.later)) == (2, 2, {}, {})


def test_each_row_that_is_skipped_has_one_reason(database: Database, account: Account) -> None:
    """No number, the same again, a variable that is missing."""
    rows = ("12,Ada", "+12025550101,Ada", "+12025550101,Ada", "+12025550102,")
    found = looked_at(database, account, *rows)
    assert found.called == 1
    assert found.skipped == {"invalid": 1, "duplicate": 1, "missing_variables": 1}


def test_who_asked_not_to_be_called_is_skipped(database: Database, account: Account) -> None:
    """By the account's list as it stands."""
    with database.write() as session:
        do_not_call.add(session, account.id, "+12025550101", source="test")
    assert looked_at(database, account, "+12025550101,Ada").skipped == {"do_not_call": 1}


def test_without_consent_nobody_is_called_where_it_is_required(database: Database) -> None:
    """Whoever is no contact has not agreed."""
    with database.write() as session:
        account = an_account(session, consent_required=True)
    assert looked_at(database, account, "+12025550101,Ada").skipped == {"no_consent": 1}


def test_people_wait_for_the_hours_where_they_are(database: Database, account: Account) -> None:
    """Washington is called now, Delhi in its morning."""
    hours = CallingHours(start=time(9), end=time(18))
    found = looked_at(database, account, "+12025550101,Ada", "+911123456789,Bo", hours=hours)
    assert found.called == 2
    assert found.later == {datetime(2026, 3, 3, 3, 30, tzinfo=UTC): 1}


def test_national_numbers_are_read_in_their_region(database: Database, account: Account) -> None:
    """Where one is given."""
    assert looked_at(database, account, "(202) 555-0101,Ada", region="US").called == 1


def test_without_hours_of_its_own_the_accounts_hold(database: Database) -> None:
    """As they will when the batch dials."""
    hours = CallingHours(start=time(9), end=time(18))
    with database.write() as session:
        account = an_account(session, calling_hours=hours.model_dump(mode="json"))
    found = looked_at(database, account, "+12025550101,Ada", "+919876543210,Bo")
    assert list(found.later.values()) == [1]
