"""The carrier that rings real phones. What happens on the line comes back to us by callbacks."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from requests.exceptions import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance

from outdial.carriers.base import (
    CarrierAway,
    Dial,
    DialRate,
    DialRefused,
    DialUncertain,
    Lookup,
    Placed,
    Sighting,
    Speech,
    Timed,
)
from outdial.carriers.twilio.addresses import Addresses
from outdial.carriers.twilio.client import make_client
from outdial.carriers.twilio.failures import refused_or_uncertain, unsent_or_uncertain
from outdial.carriers.twilio.search import Search
from outdial.carriers.twilio.states import events_of
from outdial.carriers.twilio.twiml import message_twiml
from outdial.clock import Clock
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.vocabulary import Disposition

STATUS_EVENTS: Final = ["initiated", "ringing", "answered", "completed"]
NOT_FOUND: Final = 404
# Twilio's own bounds, in seconds.
_LONGEST_RING, _LONGEST_CALL = 600, 86_400


class TwilioCarrier:
    """Dials through Twilio's Calls resource, which knows no idempotency: nothing here is ever sent twice."""

    name = "twilio"
    talks_here = False
    pace = 1.0

    def __init__(
        self, database: Database, settings: Settings, clock: Clock, client: Client | None = None
    ) -> None:
        """Raises Invalid where the settings lack the account."""
        self._settings = settings
        self._clock = clock
        self._client = client or make_client(settings)
        self._search = Search(self._client, database, settings, clock)
        self.rate: DialRate | None = DialRate(
            f"twilio:{settings.twilio_account_sid}", settings.calls_per_second
        )

    def place(self, dial: Dial) -> Placed:
        request = self._request(dial)
        if self._clock() >= dial.not_after:
            raise DialUncertain("It was too late to dial.")
        try:
            call = self._client.calls.create(**request)
        except (TwilioRestException, TwilioServiceException) as answer:
            raise refused_or_uncertain(answer) from answer
        except RequestException as failure:
            raise unsent_or_uncertain(failure) from failure
        except (TwilioException, ValueError) as failure:
            raise DialUncertain(f"Twilio's answer could not be read: {failure}") from failure
        if call.sid is None:
            raise DialUncertain("Twilio's answer names no call.")
        if _seconds_queued(call) > self._settings.twilio_max_queue:
            self._take_back(call)
        return Placed(call.sid)

    def look_up(self, dial: Dial, carrier_call_id: str | None, intended_at: datetime) -> Lookup:
        try:
            if carrier_call_id is None:
                return self._search.look_for(dial, intended_at)
            call = self._client.calls(carrier_call_id).fetch()
        except (RequestException, TwilioException, ValueError):
            return Lookup(Sighting.UNSURE)
        return Lookup(Sighting.FOUND, carrier_call_id, [Timed(0, event) for event in events_of(call)])

    def hang_up(self, carrier_call_id: str) -> list[Timed]:
        return self._change(carrier_call_id, status="completed")

    def leave_message(self, carrier_call_id: str, message: Speech) -> list[Timed]:
        return self._change(carrier_call_id, twiml=message_twiml(message))

    def _request(self, dial: Dial) -> dict[str, Any]:
        to = Addresses.of(self._settings, dial.key)
        request: dict[str, Any] = {
            "to": dial.number,
            "from_": dial.caller_id,
            "url": to.twiml,
            "status_callback": to.status,
            "status_callback_event": STATUS_EVENTS,
            "timeout": min(round(dial.ring_timeout), _LONGEST_RING),
            "time_limit": min(round(dial.max_duration), _LONGEST_CALL),
        }
        return {**request, **self._detection(dial, to), **_recording(dial, to)}

    def _detection(self, dial: Dial, to: Addresses) -> dict[str, Any]:
        if not self._settings.twilio_machine_detection:
            return {}
        return {
            "machine_detection": "DetectMessageEnd" if dial.leaves_message else "Enable",
            # The person who answers is talked to at once, while Twilio still listens.
            "async_amd": "true",
            "async_amd_status_callback": to.machine,
        }

    def _take_back(self, call: CallInstance) -> None:
        """Twilio would ring later than we may; if it can't be cancelled, it is followed like any other call."""
        try:
            self._client.calls(call.sid or "").update(status="completed")
        except (RequestException, TwilioException, ValueError):
            return
        raise DialRefused(
            f"Twilio would have dialled only after {_seconds_queued(call):.0f} s; {call.sid} was cancelled.",
            code="queued",
            disposition=Disposition.NOT_PLACED,
            retryable=True,
        )

    def _change(self, carrier_call_id: str, **change: str) -> list[Timed]:
        update: Callable[..., CallInstance] = self._client.calls(carrier_call_id).update
        try:
            call = update(**change)
        except (TwilioRestException, TwilioServiceException) as answer:
            # A call that has ended can't be changed any more; its end is told by a callback, or looked up.
            if answer.status == NOT_FOUND or 400 <= answer.status < 429:
                return []
            raise CarrierAway(f"Twilio answered {answer.status}.") from answer
        except (RequestException, TwilioException, ValueError) as failure:
            raise CarrierAway(str(failure)) from failure
        return [Timed(0, event) for event in events_of(call)]


def _recording(dial: Dial, to: Addresses) -> dict[str, Any]:
    if not dial.record:
        return {}
    return {
        "record": True,
        "recording_status_callback": to.recording,
        "recording_status_callback_event": ["completed", "absent"],
    }


def _seconds_queued(call: CallInstance) -> float:
    queued = str(call.queue_time or "0")
    return float(queued) / 1000 if queued.replace(".", "", 1).isdigit() else 0.0
