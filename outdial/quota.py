"""How many more calls an account may place. Counted in the transaction that accepts the call."""

from sqlmodel import Session

from outdial.errors import LimitReached
from outdial.store import accounts


def take(session: Session, account_id: str, calls: int = 1) -> int | None:
    """Count ``calls`` off; answers how many remain, None where there is no quota.

    The statement that counts also decides, so that requests at once can't take the same call. What is not
    committed is not counted. Raises LimitReached where fewer remain.
    """
    remaining = accounts.count_off(session, account_id, calls)
    if remaining is None and (left := accounts.quota_of(session, account_id)) is not None:
        raise LimitReached(_said(left, calls), code="no_calls_remaining")
    return remaining


def _said(left: int, wanted: int) -> str:
    if left == 0:
        return "No calls remain on this account."
    return f"Fewer calls remain on this account than were asked for: {left} of {wanted}."
