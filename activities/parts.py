"""What activities are made of, given to them by the worker."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from outdial.carriers.base import Carrier, Dial
from outdial.carriers.registry import SIMULATED
from outdial.clock import Clock
from outdial.lifecycle import Lifecycle
from outdial.models import Account, Attempt, Call
from outdial.notifications.sending import Notifier
from outdial.settings import Settings
from outdial.sharing import next_in_line
from outdial.store.database import Database


@dataclass(frozen=True)
class Parts:
    """The domain's parts.

    ``start_deliveries`` starts the workflows of webhooks that were just written down; ``proceed`` tells calls that it
    is their turn. Neither raises: whom they do not reach, upkeep does.
    """

    database: Database
    settings: Settings
    carriers: Mapping[str, Carrier]
    lifecycle: Lifecycle
    clock: Clock
    notifier: Notifier
    start_deliveries: Callable[[Sequence[str]], None]
    proceed: Callable[[Sequence[str]], None]

    def give_turns(self, account_id: str) -> int:
        """A line may be free: tell whoever is next among the calls outside batches; answers how many."""
        with self.database.write() as session:
            turns = next_in_line(session, account_id, self.clock())
        self.proceed(turns)
        return len(turns)

    @property
    def rings_phones(self) -> bool:
        """Whether the carrier in use is a real one."""
        return self.settings.carrier != SIMULATED

    def carrier_for(self, call: Call) -> Carrier:
        """Who dials this call next: a test call is never dialled but by simulation."""
        return self.carriers[SIMULATED if call.test else self.settings.carrier]

    def carrier_of(self, attempt: Attempt) -> Carrier:
        """Who dialled this attempt, also where the settings name another one by now."""
        if attempt.carrier not in self.carriers:
            raise RuntimeError(
                f"{attempt.dial_key} was dialled by {attempt.carrier}, which is not set up here"
            )
        return self.carriers[attempt.carrier]

    def caller_id_for(self, session: Session, call: Call) -> str:
        """The number that the callee sees: the call's own (its batch's among them), the account's, or the default."""
        if call.caller_id is not None:
            return call.caller_id
        account = session.get_one(Account, call.account_id)
        return account.default_caller_id or self.settings.default_caller_id

    def dial_of(self, call: Call, attempt: Attempt) -> Dial:
        """What the carrier is asked, the same on every look at this attempt."""
        return Dial(
            key=attempt.dial_key,
            number=call.number,
            attempt=attempt.number,
            caller_id=attempt.caller_id or self.settings.default_caller_id,
            ring_timeout=self.settings.ring_timeout,
            max_duration=call.max_duration_seconds,
            record=call.recording_enabled,
            not_after=attempt.intended_at + timedelta(seconds=self.settings.dial_timeout),
        )
