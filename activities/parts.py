"""What activities are made of, given to them by the worker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from outdial.carriers.base import Carrier, Dial
from outdial.clock import Clock
from outdial.lifecycle import Lifecycle
from outdial.models import Attempt, Call
from outdial.settings import Settings
from outdial.store.database import Database


@dataclass(frozen=True)
class Parts:
    """The domain's parts. ``start_deliveries`` starts the workflows of webhooks that were just written down."""

    database: Database
    settings: Settings
    carrier: Carrier
    lifecycle: Lifecycle
    clock: Clock
    start_deliveries: Callable[[Sequence[str]], None]

    def dial_of(self, call: Call, attempt: Attempt) -> Dial:
        """What the carrier is asked, the same on every look at this attempt."""
        return Dial(
            key=attempt.dial_key,
            number=call.number,
            attempt=attempt.number,
            caller_id=call.caller_id or self.settings.default_caller_id,
            ring_timeout=self.settings.ring_timeout,
            max_duration=call.max_duration_seconds,
            record=call.recording_enabled,
        )
