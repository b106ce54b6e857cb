"""Text messages by Twilio: each is asked for once, and what becomes of it comes back by callback."""

from typing import Any, Final

from requests.exceptions import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest import Client

from outdial.carriers.base import CarrierAway, DialRefused
from outdial.carriers.twilio.addresses import message_status
from outdial.carriers.twilio.client import make_client
from outdial.carriers.twilio.failures import refused_or_uncertain, unsent_or_uncertain
from outdial.clock import Clock
from outdial.models import NotificationStatus
from outdial.notifications.senders import Sent, Text
from outdial.settings import Settings
from outdial.store import texts
from outdial.store.database import Database

UNKNOWN: Final = "Twilio's answer was lost; its callback will tell, if it took the message."
# Twilio's words for a message that are the end, or a step on its way.
STATUSES: Final = {
    "sent": NotificationStatus.SENT,
    "delivered": NotificationStatus.DELIVERED,
    "undelivered": NotificationStatus.UNDELIVERED,
    "failed": NotificationStatus.FAILED,
}


class TwilioSender:
    """Sends through Twilio's Messages resource."""

    name = "twilio"

    def __init__(
        self, database: Database, settings: Settings, clock: Clock, client: Client | None = None
    ) -> None:
        """Raises Invalid where the settings lack the account."""
        self._database = database
        self._settings = settings
        self._clock = clock
        self._client = client or make_client(settings)

    def send(self, text: Text) -> Sent:
        """Ask Twilio once. Raises CarrierAway where nothing was sent and it may be asked later."""
        with self._database.write() as session:
            if not texts.intend(session, text.key, text.account_id, self._clock()):
                return _as_known(texts.asked(session, text.key).carrier_message_id)
        try:
            message: Any = self._client.messages.create(
                to=text.number,
                from_=text.sender,
                body=text.text,
                status_callback=message_status(self._settings, text.key),
            )
        except (TwilioRestException, TwilioServiceException) as answer:
            return self._refused(text, refused_or_uncertain(answer))
        except RequestException as failure:
            return self._refused(text, unsent_or_uncertain(failure))
        except (TwilioException, ValueError):
            return _as_known(None)
        with self._database.write() as session:
            texts.taken(session, text.key, message.sid)
        return _as_known(message.sid)

    def _refused(self, text: Text, failure: Exception) -> Sent:
        if not isinstance(failure, DialRefused):
            return _as_known(None)
        if not failure.retryable:
            return Sent(NotificationStatus.FAILED, error=failure.message)
        with self._database.write() as session:
            texts.not_asked(session, text.key)
        raise CarrierAway(failure.message)


def _as_known(carrier_message_id: str | None) -> Sent:
    error = None if carrier_message_id else UNKNOWN
    return Sent(NotificationStatus.SENT, carrier_message_id, error)
