"""Finding a dial of unknown fate at Twilio, whose calls do not carry our key."""

from datetime import UTC, datetime, timedelta
from typing import Final

from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance

from outdial.carriers.base import Dial, Lookup, Sighting, Timed
from outdial.carriers.twilio.states import events_of
from outdial.clock import Clock
from outdial.settings import Settings
from outdial.store import dials
from outdial.store.database import Database

# How far Twilio's clock may be from ours.
CLOCK_SKEW: Final = timedelta(seconds=10)
# Far more than one pair of numbers sees in the minutes that are looked at.
MOST_CALLS: Final = 50


class Search:
    """Matches by both numbers and the time, against calls that no other attempt has claimed.

    The wrong call is never claimed: two that fit, or another attempt that might own the one, leave it open. A
    callback, whose address carries the key, settles it in the meantime.
    """

    def __init__(self, client: Client, database: Database, settings: Settings, clock: Clock) -> None:
        self._client = client
        self._database = database
        self._settings = settings
        self._clock = clock

    def look_for(self, dial: Dial, intended_at: datetime) -> Lookup:
        """What became of a dial whose answer was lost. Raises what the client raises."""
        earliest = intended_at - CLOCK_SKEW
        latest = dial.not_after + timedelta(seconds=self._settings.twilio_timeout) + CLOCK_SKEW
        found = [call for call in self._calls(dial) if _began_within(call, earliest, latest)]
        with self._database.read() as session:
            claimed = dials.claimed(session, [call.sid or "" for call in found])
            rivals = dials.unsettled_rivals(session, dial.key, dial.number, dial.caller_id, earliest, latest)
        free = [call for call in found if call.sid not in claimed]
        if len(free) == 1 and not rivals:
            return Lookup(Sighting.FOUND, free[0].sid, [Timed(0, event) for event in events_of(free[0])])
        if free or not self._is_settled(dial):
            return Lookup(Sighting.UNSURE)
        return Lookup(Sighting.ABSENT)

    def _calls(self, dial: Dial) -> list[CallInstance]:
        # Not narrowed by start time: a call that Twilio still queues has none yet, and would look absent.
        return self._client.calls.list(to=dial.number, from_=dial.caller_id, limit=MOST_CALLS)

    def _is_settled(self, dial: Dial) -> bool:
        """Whether a request that was under way can no longer arrive, nor a call be too new to be listed."""
        settles = timedelta(seconds=self._settings.twilio_timeout + self._settings.twilio_settle)
        return self._clock() >= dial.not_after + settles


def _began_within(call: CallInstance, earliest: datetime, latest: datetime) -> bool:
    created = call.date_created or call.start_time
    if created is None or call.direction not in (None, "outbound-api"):
        return call.direction in (None, "outbound-api")
    created = created.replace(tzinfo=UTC) if created.tzinfo is None else created
    # Twilio tells whole seconds.
    return earliest - timedelta(seconds=1) <= created <= latest
