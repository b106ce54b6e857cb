"""The simulated carrier: people who pick up, or do not, by the persona of their number. It rings no phone."""

from datetime import datetime

from sqlmodel import col, select

from outdial.carriers.base import (
    CarrierEvent,
    Dial,
    DialRate,
    DialRefused,
    DialUncertain,
    EventKind,
    Lookup,
    Placed,
    Sighting,
    Speech,
    Timed,
)
from outdial.carriers.personas import Fate, Persona, persona_of
from outdial.clock import Clock
from outdial.models import Disposition, SimulatedDial
from outdial.settings import Settings
from outdial.store.database import Database

# Above this speed nothing waits at all.
FULL_SPEED = 1000

_ENDS_WITHOUT_RINGING = {Fate.BUSY: Disposition.BUSY, Fate.FAILED: Disposition.FAILED}
_PICKS_UP = {
    Fate.ANSWER: EventKind.ANSWERED,
    Fate.LOST_ANSWER: EventKind.ANSWERED,
    Fate.UNREACHED: EventKind.ANSWERED,
    Fate.VOICEMAIL: EventKind.MACHINE,
}


class SimulatedCarrier:
    """Plays callees by durable timers: what will happen on the line is given to the call's workflow as a script.

    It keeps its own book of the dials it was asked for (`SimulatedDial`), in transactions of its own as a carrier
    elsewhere would, so that a test can count what was really dialled.
    """

    name = "simulated"
    talks_here = True
    rate: DialRate | None = None

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self.pace = settings.simulated_speed

    def place(self, dial: Dial) -> Placed:
        fate = self._persona(dial).fate(dial.attempt)
        if fate is Fate.INVALID:
            raise DialRefused(
                "There is no such number.",
                code="21211",
                disposition=Disposition.INVALID_NUMBER,
                retryable=False,
            )
        if fate is Fate.UNREACHED:
            raise DialUncertain("The request timed out on its way.")
        self._write_into_book(dial)
        if fate is Fate.LOST_ANSWER:
            raise DialUncertain("The connection was cut after the request was sent.")
        return Placed(_carrier_id(dial), self._script(dial, fate))

    def look_up(self, dial: Dial, carrier_call_id: str | None, intended_at: datetime) -> Lookup:
        placed_at = self._placed_at(dial.key)
        fate = self._persona(dial).fate(dial.attempt)
        if placed_at is None:
            over = fate is Fate.UNREACHED or self._clock() >= dial.not_after
            return Lookup(Sighting.ABSENT if over else Sighting.UNSURE)
        script = self._unheard(dial) if fate is Fate.MUTE else self._script(dial, fate)
        elapsed = (self._clock() - placed_at).total_seconds()
        ahead = [Timed(max(0.0, step.after - elapsed), step.event) for step in script]
        return Lookup(Sighting.FOUND, _carrier_id(dial), ahead)

    def hang_up(self, carrier_call_id: str) -> list[Timed]:
        return [Timed(0, CarrierEvent(EventKind.ENDED, ended_by="agent"))]

    def leave_message(self, carrier_call_id: str, message: Speech) -> list[Timed]:
        ended = CarrierEvent(EventKind.ENDED, disposition=Disposition.VOICEMAIL, ended_by="agent")
        return [Timed(0, ended)]

    def _persona(self, dial: Dial) -> Persona:
        return persona_of(dial.number, seed=self._settings.simulated_seed, mix=self._settings.simulated_mix)

    def _script(self, dial: Dial, fate: Fate) -> list[Timed]:
        if fate is Fate.MUTE:
            return []
        if (disposition := _ENDS_WITHOUT_RINGING.get(fate)) is not None:
            return [self._after(1, CarrierEvent(EventKind.ENDED, disposition=disposition))]
        # At once: a moment in between would be one more durable timer of every call.
        ringing = self._after(0, CarrierEvent(EventKind.RINGING))
        picks_up = _PICKS_UP.get(fate)
        if picks_up is None:
            return [ringing, *self._unheard(dial)]
        ring_seconds = self._persona(dial).ring_seconds
        return [ringing, self._after(ring_seconds, CarrierEvent(picks_up))]

    def _unheard(self, dial: Dial) -> list[Timed]:
        ended = CarrierEvent(EventKind.ENDED, disposition=Disposition.NO_ANSWER)
        return [self._after(dial.ring_timeout, ended)]

    def _after(self, seconds: float, event: CarrierEvent) -> Timed:
        return Timed(0 if self.pace >= FULL_SPEED else seconds / self.pace, event)

    def _write_into_book(self, dial: Dial) -> None:
        with self._database.write() as session:
            now = self._clock()
            if now >= dial.not_after:
                raise DialUncertain("It was too late to dial.")
            session.add(
                SimulatedDial(dial_key=dial.key, number=dial.number, attempt=dial.attempt, placed_at=now)
            )

    def _placed_at(self, key: str) -> datetime | None:
        with self._database.read() as session:
            rows = session.exec(
                select(SimulatedDial).where(SimulatedDial.dial_key == key).order_by(col(SimulatedDial.id))
            )
            first = rows.first()
        return first.placed_at if first else None


def _carrier_id(dial: Dial) -> str:
    return f"sim:{dial.key}"
