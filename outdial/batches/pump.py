"""The pump of a batch: which of its calls may start or take their turn now, within its share of the lines."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from outdial.models import Account, Batch, BatchStatus, Call
from outdial.sharing import share_of
from outdial.store import batches, campaigns, lines
from outdial.windows import CallingHours

# A schedule without calls looks again after so long; whoever adds calls wakes it.
IDLE = timedelta(days=1)
# So soon at the latest a batch sees that its campaign was switched on again.
SWITCHED_OFF = timedelta(minutes=1)


@dataclass(frozen=True)
class Step:
    """What is to be done now. ``wait``: seconds in which nothing will change by itself."""

    start: Sequence[Call] = field(default_factory=list[Call])
    wake: Sequence[str] = field(default_factory=list[str])
    calls_left: bool = True
    running: bool = True
    expired: bool = False
    lines_wanted: int = 0
    wait: float = 0


def look(session: Session, batch_id: str, now: datetime, *, most: int) -> Step:
    """The next step of a batch; at most ``most`` calls of it. Changes nothing."""
    batch = batches.find(session, batch_id)
    if batch is None:
        return Step(calls_left=False)
    if batch.status is BatchStatus.CANCELED:
        return Step(running=False)
    over = batch.ends_at is not None and now >= batch.ends_at
    if not batches.has_open_calls(session, batch):
        return Step(calls_left=batch.stays_open and not over, wait=_until(now, batch.ends_at, now + IDLE))
    if over:
        return Step(expired=True)
    if batch.status is not BatchStatus.RUNNING or not batch.enabled:
        return Step(running=False, wait=1)
    if campaigns.is_off(session, batch):
        return Step(running=False, wait=_until(now, now + SWITCHED_OFF, batch.ends_at))
    if batch.due_at > now:
        return Step(wait=_until(now, batch.due_at, batch.ends_at))
    return _Look(session, batch, batches.account_of(session, batch), now).step(most)


@dataclass
class _Look:
    session: Session
    batch: Batch
    account: Account
    now: datetime

    def step(self, most: int) -> Step:
        session, batch, now = self.session, self.batch, self.now
        zones, opens = self._open_zones()
        cap = self.account.lines if batch.concurrency is None else min(batch.concurrency, self.account.lines)
        holding = lines.holding_places(session, batch.account_id, batch.id, now)
        queued = lines.queued(session, batch.account_id, batch.id, now, limit=cap)
        unstarted = batches.count_unstarted(session, batch, zones=zones, most=cap)
        wanted = min(cap, holding + len(queued) + unstarted)
        if batch.spacing_seconds > 0:
            wanted = min(wanted, holding + 1)
        share = share_of(session, self.account, batch.id, wanted, now)
        places = min(share - holding, most, self._spaced())
        wake = queued[: max(places, 0)]
        free = places - len(wake)
        start: Sequence[Call] = []
        if free > 0 and unstarted:
            start = batches.unstarted(session, batch, zones=zones, limit=free)
        idle = 0.0 if holding or queued or unstarted else self._idle(opens)
        return Step(start, wake, lines_wanted=wanted, wait=idle)

    def _spaced(self) -> int:
        """How many may start at this moment, for the sake of the spacing."""
        batch = self.batch
        if batch.spacing_seconds <= 0:
            return self.account.lines
        last = batches.last_dial(self.session, batch)
        pending = batches.holding_undialled(self.session, batch, self.now)
        near = last is not None and self.now < last + timedelta(seconds=batch.spacing_seconds)
        return 0 if near or pending else 1

    def _open_zones(self) -> tuple[list[str] | None, datetime | None]:
        """The timezones that may be called now (None: any), and when the next of the others opens."""
        wanted = self.batch.calling_hours or self.account.calling_hours
        if wanted is None:
            return None, None
        hours = CallingHours.model_validate(wanted)
        zones = batches.zones_of_unstarted(self.session, self.batch)
        opens = {zone: hours.next_open(self.now, ZoneInfo(zone)) for zone in zones}
        closed = [at for at in opens.values() if at > self.now]
        return [zone for zone, at in opens.items() if at <= self.now], min(closed, default=None)

    def _idle(self, opens: datetime | None) -> float:
        """Seconds until a call is due again, a timezone opens, or the batch's time is over."""
        due = batches.next_due(self.session, self.batch)
        return _until(self.now, due, opens, self.batch.ends_at)


def _until(now: datetime, *moments: datetime | None) -> float:
    """Seconds until the first of them."""
    known = [moment for moment in moments if moment is not None]
    return max(0.0, (min(known, default=now) - now).total_seconds())
