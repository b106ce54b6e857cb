"""What a webhook's workflow and its activity say to each other."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DeliveryOrder:
    """Starts a delivery's workflow. Everything else about the delivery is in the database."""

    delivery_id: str


@dataclass(frozen=True)
class TryOrder:
    """Try once. ``pause``: seconds that will pass before the next try, None if this is the last.

    ``asked``: somebody wants it delivered again, even if it is over.
    """

    delivery_id: str
    pause: float | None
    asked: bool = False


@dataclass(frozen=True)
class Tried:
    """What came of a try. ``wait``: seconds until the next one, None when the delivery is over."""

    state: str
    detail: str
    wait: float | None = None
