"""The filters of a schedule's calls."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from api.dialects.mico.words import read_attempt_status, read_outcome
from outdial import numbers
from outdial.models import Account
from outdial.storable import check_storable, composed
from outdial.store.outbound_calls import OutboundFilter

Text = Annotated[str | None, Query(max_length=320)]


@dataclass(frozen=True)
class Wanted:
    """What was asked for, as it was written."""

    texts: dict[str, str]
    phone_number: str | None
    outcome: str | None
    attempt_status: str | None
    is_test_call: bool | None

    def for_account(self, account: Account) -> OutboundFilter:
        """The same as the store reads it; numbers in the account's region. Raises Invalid."""
        for name, value in self.texts.items():
            check_storable(value, field=name)
        equal = {name: composed(value) for name, value in self.texts.items()}
        if self.phone_number is not None:
            equal["number"] = numbers.read_any(
                self.phone_number, account.default_region, field="phone_number"
            )
        if self.outcome is not None:
            check_storable(self.outcome, field="outcome")
            equal["outcome"] = read_outcome(self.outcome)
        attempt = None if self.attempt_status is None else read_attempt_status(self.attempt_status)
        return OutboundFilter(equal, attempt, self.is_test_call)


def _wanted(
    outcome: Annotated[str | None, Query(max_length=320, examples=["Transfer to agent"])] = None,
    attempt_status: Annotated[str | None, Query(max_length=40, examples=["hangup"])] = None,
    external_id: Text = None,
    is_test_call: Annotated[bool | None, Query(description="Only test calls, or none; unset: both.")] = None,
    first_name: Text = None,
    last_name: Text = None,
    phonetic_first_name: Text = None,
    phonetic_last_name: Text = None,
    phone_number: Annotated[str | None, Query(max_length=40, examples=["+818012345678"])] = None,
    email: Text = None,
) -> Wanted:
    texts = {
        "external_id": external_id,
        "first_name": first_name,
        "last_name": last_name,
        "phonetic_first_name": phonetic_first_name,
        "phonetic_last_name": phonetic_last_name,
        "email": email,
    }
    given = {name: value for name, value in texts.items() if value is not None}
    return Wanted(given, phone_number, outcome, attempt_status, is_test_call)


FilterDep = Annotated[Wanted, Depends(_wanted)]
