"""Admission: may this call be dialled at this instant?

One transaction answers: admit, hold until a time, wait in the queue, ask again later, or refuse.

To add a rule, write a function from `Candidate` to a decision or None and put it into `RULES`; the first rule
that objects decides. Rules that refuse come before rules that hold, and those before the lines.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from outdial.batches.policy import CallPolicy, policy_of
from outdial.contacts import consent
from outdial.models import Account, BatchStatus, Call
from outdial.store import batches, campaigns, lines
from outdial.store.do_not_call import is_listed

# How soon a call that was released is dialled at the latest, in seconds.
HELD_FOR = 30.0


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
class Later:
    """Not at this moment: ask again shortly, or in so many seconds."""

    reason: str
    again_in: float | None = None


@dataclass(frozen=True)
class Queue:
    """Every line is taken: the call is woken when its turn comes, so that nobody polls."""

    until: datetime
    reason: str


@dataclass(frozen=True)
class Refuse:
    """Never: the call ends with ``code`` as its end reason, as canceled or as failed."""

    code: str
    reason: str
    canceled: bool = False


Decision = Admit | Hold | Later | Queue | Refuse
Objection = Hold | Later | Queue | Refuse


@dataclass(frozen=True)
class Candidate:
    """What a rule may look at."""

    session: Session
    account: Account
    call: Call
    policy: CallPolicy
    now: datetime

    def queue(self, reason: str) -> Queue:
        """Wait in the queue of the batch, or of the calls outside batches."""
        return Queue(self.now + lines.QUEUED_FOR, reason)


Rule = Callable[[Candidate], Objection | None]


def not_ended(candidate: Candidate) -> Refuse | None:
    """A call that was ended before its workflow came to know of it is not dialled."""
    if candidate.call.status.ended:
        return Refuse("ended", "The call has already ended.")
    return None


def not_held(candidate: Candidate) -> Later | None:
    """Nobody is called who may have been called after the backup that was restored."""
    if not candidate.call.held:
        return None
    return Later(
        "It may have been dialled since the backup that was restored; it waits to be released.", HELD_FOR
    )


def batch_not_canceled(candidate: Candidate) -> Refuse | None:
    """Nothing of a canceled batch is dialled."""
    if candidate.policy.canceled:
        return Refuse("batch_canceled", "The batch was canceled.", canceled=True)
    return None


def not_expired(candidate: Candidate) -> Refuse | None:
    """Nothing is dialled once the call's time is over."""
    expires = candidate.policy.expires_at
    if expires is not None and candidate.now >= expires:
        return Refuse("expired", f"The time to call ended at {expires.isoformat()}.")
    return None


def not_on_do_not_call_list(candidate: Candidate) -> Refuse | None:
    """Whoever asked not to be called is not called."""
    if is_listed(candidate.session, candidate.account.id, candidate.call.number, candidate.now):
        return Refuse("do_not_call", "The number is on the account's do-not-call list.")
    return None


def may_call_out(candidate: Candidate) -> Refuse | None:
    """An account whose outbound calling was switched off only rehearses."""
    if candidate.account.outbound_enabled or candidate.call.test:
        return None
    return Refuse("outbound_disabled", "Outbound calling is not enabled for the account.")


def has_consent(candidate: Candidate) -> Refuse | None:
    """Where the account requires consent, nobody is called without it, or after taking it back."""
    if consent.may_call(candidate.session, candidate.account, candidate.call.number):
        return None
    return Refuse(consent.MISSING, "The account requires consent, and there is none.")


def within_calling_hours(candidate: Candidate) -> Hold | Refuse | None:
    """People are called within the hours that were set, by the clock of the call's timezone."""
    call, policy = candidate.call, candidate.policy
    if policy.calling_hours is None:
        return None
    opens = policy.calling_hours.next_open(candidate.now, ZoneInfo(call.timezone))
    if opens <= candidate.now:
        return None
    if policy.expires_at is not None and opens >= policy.expires_at:
        return Refuse("expired", f"No calling hours are left before {policy.expires_at.isoformat()}.")
    return Hold(opens, f"Outside calling hours in {call.timezone}; they open at {opens.isoformat()}.")


def batch_is_running(candidate: Candidate) -> Queue | None:
    """A paused batch dials nobody, nor does a schedule that is not enabled."""
    batch = candidate.policy.batch
    if batch is not None and (batch.status is BatchStatus.PAUSED or not batch.enabled):
        return candidate.queue("The batch is paused.")
    return None


def campaign_is_on(candidate: Candidate) -> Queue | Later | None:
    """Nothing of a campaign is dialled while it is switched off."""
    reason = "The campaign is disabled."
    if not campaigns.is_off(candidate.session, candidate.policy.batch or candidate.call):
        return None
    return Later(reason) if candidate.policy.batch is None else candidate.queue(reason)


def batch_has_begun(candidate: Candidate) -> Hold | None:
    """Nothing is dialled before the batch is due, also where that was moved to a later time."""
    batch = candidate.policy.batch
    if batch is None or batch.due_at <= candidate.now:
        return None
    return Hold(batch.due_at, f"The batch begins at {batch.due_at.isoformat()}.")


def batch_spacing(candidate: Candidate) -> Hold | None:
    """Two dials of a batch are so far apart as it wants."""
    batch = candidate.policy.batch
    if batch is None or batch.spacing_seconds <= 0:
        return None
    last = batches.last_dial(candidate.session, batch)
    free = candidate.now if last is None else last + timedelta(seconds=batch.spacing_seconds)
    if free <= candidate.now:
        return None
    return Hold(free, f"The batch leaves {batch.spacing_seconds:g} s between two dials.")


def batch_lines(candidate: Candidate) -> Queue | None:
    """A batch uses no more lines than it was given."""
    batch = candidate.policy.batch
    if batch is None or batch.concurrency is None:
        return None
    in_use = lines.in_use(candidate.session, batch.account_id, batch.id)
    if in_use < batch.concurrency:
        return None
    return candidate.queue(f"All {batch.concurrency} lines of the batch are in use.")


RULES: tuple[Rule, ...] = (
    not_ended,
    batch_not_canceled,
    not_expired,
    not_on_do_not_call_list,
    not_held,
    may_call_out,
    has_consent,
    batch_has_begun,
    within_calling_hours,
    batch_is_running,
    campaign_is_on,
    batch_spacing,
    batch_lines,
)


def decide(session: Session, call: Call, now: datetime) -> Decision:
    """Whether ``call`` may be dialled now. Call it in the write transaction that records the attempt.

    The account's row is locked first, so that two dials of one account can't both take its last line.
    """
    account = lines.lock_account(session, call.account_id)
    candidate = Candidate(session, account, call, policy_of(session, call), now)
    for rule in RULES:
        if (objection := rule(candidate)) is not None:
            return objection
    in_use = lines.in_use(session, account.id)
    if in_use + _promised(candidate) >= account.lines:
        return candidate.queue(f"All {account.lines} lines of the account are in use.")
    return Admit(in_use, account.lines)


def _promised(candidate: Candidate) -> int:
    """Lines that whoever has just come may not take: others have waited for them."""
    call = candidate.call
    if call.batch_id is not None or lines.has_turn(call):
        return 0
    return lines.turns_given(candidate.session, call.account_id, candidate.now)
