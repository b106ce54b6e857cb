"""Which sender an installation uses."""

from outdial.carriers.registry import TWILIO
from outdial.clock import Clock
from outdial.notifications.senders import SimulatedSender, TextSender
from outdial.notifications.sending import Notifier
from outdial.settings import Settings
from outdial.store.database import Database


def make_notifier(settings: Settings, database: Database, clock: Clock) -> Notifier:
    """The notifier of these settings; the messages of test calls are always simulated."""
    simulated = SimulatedSender()
    sender: TextSender = simulated
    if settings.carrier == TWILIO:
        # Its library takes a second to import, and no other sender needs it.
        from outdial.carriers.twilio.texts import TwilioSender

        sender = TwilioSender(database, settings, clock)
    return Notifier(database, sender, simulated, settings.default_caller_id, clock)
