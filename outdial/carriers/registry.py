"""Which carriers dial here: the one that the settings name, and the simulated one for test calls."""

from outdial.carriers.base import Carrier
from outdial.carriers.simulated import SimulatedCarrier
from outdial.clock import Clock
from outdial.errors import Invalid
from outdial.settings import Settings
from outdial.store.database import Database

SIMULATED = "simulated"
TWILIO = "twilio"


def make_carriers(settings: Settings, database: Database, clock: Clock) -> dict[str, Carrier]:
    """All that may be needed, by name. Raises Invalid where the settings name one that there is not."""
    chosen = make_carrier(settings, database, clock)
    simulated = chosen if chosen.name == SIMULATED else SimulatedCarrier(database, settings, clock)
    return {SIMULATED: simulated, chosen.name: chosen}


def make_carrier(settings: Settings, database: Database, clock: Clock) -> Carrier:
    """The carrier that the settings name. Raises Invalid for a name that is none."""
    if settings.carrier == SIMULATED:
        return SimulatedCarrier(database, settings, clock)
    if settings.carrier == TWILIO:
        # Its library takes a second to import, and no other carrier needs it.
        from outdial.carriers.twilio.carrier import TwilioCarrier

        return TwilioCarrier(database, settings, clock)
    expected = f"{SIMULATED} or {TWILIO}"
    raise Invalid(f"OUTDIAL_CARRIER is {settings.carrier!r}; expected: {expected}.", field="carrier")
