"""Which carrier dials, by the name in the settings."""

from outdial.carriers.base import Carrier
from outdial.carriers.simulated import SimulatedCarrier
from outdial.clock import Clock
from outdial.errors import Invalid
from outdial.settings import Settings
from outdial.store.database import Database


def make_carrier(settings: Settings, database: Database, clock: Clock) -> Carrier:
    """The carrier that the settings name. Raises Invalid for a name that is none."""
    if settings.carrier == "simulated":
        return SimulatedCarrier(database, settings, clock)
    raise Invalid(f"OUTDIAL_CARRIER is {settings.carrier!r}; expected: simulated.", field="carrier")
