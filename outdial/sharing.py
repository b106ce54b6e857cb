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


def share_of(session: Session, account: Account, batch_id: str, wanted: int, now: datetime) -> int:
    """How many lines are a batch's (or SINGLE_CALLS') that could use so many, beside what the others want."""
    wants = {other.id: other.lines_wanted for other in batches.running(session, account.id)}
    wants[batch_id] = wanted
    if batch_id != SINGLE_CALLS:
        wants[SINGLE_CALLS] = _wanted_by_single_calls(session, account, now)
    turn = int(now.timestamp()) // TURN_SECONDS
    return share_lines(account.lines, wants, turn=turn)[batch_id]


def next_in_line(session: Session, account_id: str, now: datetime) -> Sequence[str]:
    """Give as many calls outside batches their turn as there are lines for.

    Answers their ids: each is to be told once this is committed. The account's row is locked first, so that two
    lines that are free at once do not go to the same call.
    """
    account = lines.lock_account(session, account_id)
    queued = lines.queued(session, account_id, None, now, limit=account.lines)
    if not queued:
        return []
    free = account.lines - lines.in_use(session, account_id) - lines.turns_given(session, account_id, now)
    wanted = _wanted_by_single_calls(session, account, now)
    share = share_of(session, account, SINGLE_CALLS, wanted, now)
    # A batch that has more than its share keeps its lines until they are free.
    room = min(free, share - lines.holding_places(session, account_id, None, now))
    turn = queued[: max(room, 0)]
    lines.give_turn(session, turn, now)
    return turn


def _wanted_by_single_calls(session: Session, account: Account, now: datetime) -> int:
    holding = lines.holding_places(session, account.id, None, now)
    queued = lines.queued(session, account.id, None, now, limit=account.lines)
    return min(account.lines, holding + len(queued))
