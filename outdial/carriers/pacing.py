"""Pacing dials, since a carrier that queues what comes too fast would ring when nobody may be called any more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from outdial.carriers.base import DialRate
from outdial.models import Account
from outdial.store.pace import locked

# Who has to wait longer than this asks again, and passes admission once more.
PATIENCE: Final = timedelta(seconds=1)
# How long nothing is dialled after the carrier refused the account itself.
REST: Final = timedelta(seconds=60)


@dataclass(frozen=True)
class Slot:
    """Dial after ``wait`` seconds."""

    wait: float


@dataclass(frozen=True)
class NoSlot:
    """Not now, and why; for so many seconds where that is known. Else all that wait ask so often a second together."""

    reason: str
    asks: float
    seconds: float | None = None


def take_slot(session: Session, account: Account, rate: DialRate | None, now: datetime) -> Slot | NoSlot:
    """The next free moment to dial, taken, if it is near; in the transaction that admits the call."""
    limits = _limits(account, rate)
    asks = 2 * min(limits.values(), default=1.0)
    paces = [locked(session, key, now) for key in sorted(limits)]
    stopped = next((pace for pace in paces if pace.stopped_until and pace.stopped_until > now), None)
    if stopped is not None:
        left = (stopped.stopped_until - now).total_seconds() if stopped.stopped_until else None
        return NoSlot(f"The carrier does not dial for us: {stopped.stopped_reason}.", asks, left)
    slot = max([now, *(pace.free_at for pace in paces)])
    if slot - now > PATIENCE:
        return NoSlot("As many calls a second as may be are being dialled.", asks)
    for pace in paces:
        pace.free_at = slot + timedelta(seconds=1 / limits[pace.key])
        session.add(pace)
    return Slot((slot - now).total_seconds())


def stop(session: Session, rate: DialRate, reason: str, now: datetime) -> None:
    """Let nothing be dialled for a while: the carrier refuses the account."""
    pace = locked(session, rate.key, now)
    pace.stopped_until, pace.stopped_reason = now + REST, reason
    session.add(pace)


def _limits(account: Account, rate: DialRate | None) -> Mapping[str, float]:
    limits = {rate.key: rate.per_second} if rate else {}
    if account.calls_per_second is not None:
        limits[account.id] = account.calls_per_second
    return limits
