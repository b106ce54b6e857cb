"""Admission: may this call be dialled at this instant? One transaction answers admit, hold until, full or refuse.

To add a rule, write a function from `Candidate` to a decision or None and put it into `RULES`; the first rule
that objects decides. Rules that refuse come before rules that hold, and those before the lines.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from outdial.models import Account, Call
from outdial.store import lines
from outdial.store.do_not_call import is_listed
from outdial.windows import CallingHours


@dataclass(frozen=True)
class Admit:
    """Dial now; the attempt takes a line."""

    lines_in_use: int
    lines: int

    def record(self) -> dict[str, Any]:
        """What is kept with the attempt."""
        return {"decision": "admit", "lines_in_use": self.lines_in_use, "lines": self.lines}


@dataclass(frozen=True)
class Hold:
    """Not before ``until``."""

    until: datetime
    reason: str


@dataclass(frozen=True)
class Full:
    """Every line is taken: ask again shortly."""

    reason: str


@dataclass(frozen=True)
class Refuse:
    """Never: the call ends with ``code`` as its end reason."""

    code: str
    reason: str


Decision = Admit | Hold | Full | Refuse


@dataclass(frozen=True)
class Candidate:
    """What a rule may look at."""

    session: Session
    account: Account
    call: Call
    now: datetime


Rule = Callable[[Candidate], Hold | Full | Refuse | None]


def not_expired(candidate: Candidate) -> Refuse | None:
    """Nothing is dialled once the call's time is over."""
    expires = candidate.call.expires_at
    if expires is not None and candidate.now >= expires:
        return Refuse("expired", f"The time to call ended at {expires.isoformat()}.")
    return None


def not_on_do_not_call_list(candidate: Candidate) -> Refuse | None:
    """Whoever asked not to be called is not called."""
    if is_listed(candidate.session, candidate.account.id, candidate.call.number, candidate.now):
        return Refuse("do_not_call", "The number is on the account's do-not-call list.")
    return None


def within_calling_hours(candidate: Candidate) -> Hold | Refuse | None:
    """People are called within the hours that were set, by the clock of the call's timezone."""
    call = candidate.call
    if call.calling_hours is None:
        return None
    opens = CallingHours.model_validate(call.calling_hours).next_open(candidate.now, ZoneInfo(call.timezone))
    if opens <= candidate.now:
        return None
    if call.expires_at is not None and opens >= call.expires_at:
        return Refuse("expired", f"No calling hours are left before {call.expires_at.isoformat()}.")
    return Hold(opens, f"Outside calling hours in {call.timezone}; they open at {opens.isoformat()}.")


RULES: tuple[Rule, ...] = (not_expired, not_on_do_not_call_list, within_calling_hours)


def decide(session: Session, call: Call, now: datetime) -> Decision:
    """Whether ``call`` may be dialled now. Call it in the write transaction that records the attempt.

    The account's row is locked first, so that two dials of one account can't both take its last line.
    """
    account = lines.lock_account(session, call.account_id)
    candidate = Candidate(session, account, call, now)
    for rule in RULES:
        if (objection := rule(candidate)) is not None:
            return objection
    in_use = lines.in_use(session, account.id)
    if in_use >= account.lines:
        return Full(f"All {account.lines} lines of the account are in use.")
    return Admit(in_use, account.lines)
