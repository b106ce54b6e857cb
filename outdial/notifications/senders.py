"""Who sends text messages: nobody, by simulation, or the carrier that the settings name."""

from dataclasses import dataclass
from typing import Protocol

from outdial.models import NotificationStatus


@dataclass(frozen=True)
class Text:
    """One message. ``key`` names it for ever: a sender that was given it before sends it no more."""

    key: str
    account_id: str
    number: str
    sender: str
    text: str


@dataclass(frozen=True)
class Sent:
    """What became of a message so far; a carrier may tell more later, by ``carrier_message_id``."""

    status: NotificationStatus
    carrier_message_id: str | None = None
    error: str | None = None


class TextSender(Protocol):
    """Sends text messages."""

    name: str

    def send(self, text: Text) -> Sent:
        """Send it once. Raises for what may be tried again with the same key."""
        ...


class SimulatedSender:
    """Rings no phone: every message is delivered at once, but for the numbers of people who can't be reached.

    A number that ends in 9013, who is out of reach of the simulated carrier too, gets nothing.
    """

    name = "simulated"

    def send(self, text: Text) -> Sent:
        """What a carrier would have told in the end."""
        if text.number.endswith("9013"):
            return Sent(NotificationStatus.UNDELIVERED, f"sim-{text.key}", "unreachable")
        return Sent(NotificationStatus.DELIVERED, f"sim-{text.key}")
