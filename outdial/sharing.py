"""An account's lines, shared: each running batch has its part, and so have the calls outside batches together."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from outdial.fairness import share_lines
from outdial.models import Account
from outdial.store import batches, lines

# How long a line that can't be shared evenly stays with one of them.
TURN_SECONDS = 20
# The calls outside batches, where a batch is named.
SINGLE_CALLS = ""
PAGE = 200


def share_of(session: Session, account: Account, batch_id: str, wanted: int, now: datetime) -> int:
    """How many lines are a batch's (or SINGLE_CALLS') that could use so many, beside what the others want."""
    wants = {other.id: other.lines_wanted for other in batches.running(session, account.id)}
    wants[batch_id] = wanted
    if batch_id != SINGLE_CALLS:
        holding, queued = _single_calls(session, account, now)
        wants[SINGLE_CALLS] = holding + len(queued)
    turn = int(now.timestamp()) // TURN_SECONDS
    return share_lines(account.lines, wants, turn=turn)[batch_id]


def next_in_line(session: Session, account_id: str, now: datetime) -> Sequence[str]:
    """Give calls outside batches their turn, as many as there are lines for, at most PAGE at once.

    Answers their ids: each is to be told once this is committed. The account's row is locked first, so that two
    lines that are free at once do not go to the same call.
    """
    account = lines.lock_account(session, account_id)
    holding, queued = _single_calls(session, account, now)
    if not queued:
        return []
    free = account.lines - lines.in_use(session, account_id) - lines.turns_given(session, account_id, now)
    share = share_of(session, account, SINGLE_CALLS, holding + len(queued), now)
    # A batch that has more than its share keeps its lines until they are free.
    turn = queued[: max(0, min(free, share - holding))]
    lines.give_turn(session, turn, now)
    return turn


def _single_calls(session: Session, account: Account, now: datetime) -> tuple[int, Sequence[str]]:
    """How many have a place, and those that wait for one, the next first."""
    queued = lines.queued(session, account.id, None, now, limit=min(account.lines, PAGE))
    return lines.holding_places(session, account.id, None, now), queued
