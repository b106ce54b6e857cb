"""What the API asks of the workflows' side; `engine.gateway` answers it over Temporal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from outdial.carriers.base import CarrierEvent
from outdial.models import Call


class Gateway(Protocol):
    """Blocking calls for endpoint threads.

    Each raises Unavailable where Temporal does not answer in time; those that signal a call raise Conflict
    where it has already ended.
    """

    def start_call(self, call: Call) -> None:
        """Start the call's workflow; harmless where it has been started already."""
        ...

    def start_deliveries(self, ids: Sequence[str]) -> None:
        """Start the workflows that deliver these webhooks."""
        ...

    def redeliver(self, delivery_id: str) -> None:
        """Deliver this webhook again at once, whether its workflow waits or has ended."""
        ...

    def pause(self, call_id: str) -> None:
        """Hold the call before its next dial."""
        ...

    def resume(self, call_id: str) -> None:
        """Take a pause back."""
        ...

    def cancel(self, call_id: str) -> None:
        """End the call; a live conversation is hung up."""
        ...

    def reschedule(self, call_id: str, due_at: datetime) -> None:
        """Make the next dial due at another time."""
        ...

    def carrier_event(self, call_id: str, attempt: int, event: CarrierEvent) -> None:
        """Tell the call what its carrier told of an attempt."""
        ...

    def ping(self) -> None:
        """Raise Unavailable unless Temporal answers."""
        ...
