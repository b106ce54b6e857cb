"""Twilio's own client for Python, with this installation's account, limits on time, and nothing in the logs."""

import logging

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from outdial.errors import Invalid
from outdial.settings import Settings

# The library writes numbers and texts of every request into its log.
logging.getLogger("twilio.http_client").setLevel(logging.WARNING)


def make_client(settings: Settings) -> Client:
    """A client that may be used by many threads. Raises Invalid where sid or token are not set."""
    if not settings.twilio_account_sid or settings.twilio_auth_token is None:
        raise Invalid(
            "The carrier is twilio: set OUTDIAL_TWILIO_ACCOUNT_SID and OUTDIAL_TWILIO_AUTH_TOKEN.",
            field="twilio_account_sid",
        )
    client = Client(
        settings.twilio_account_sid,
        settings.twilio_auth_token.get_secret_value(),
        # Never retried by the library: a dial that is sent again is a second call.
        http_client=TwilioHttpClient(timeout=settings.twilio_timeout, max_retries=0),
    )
    if settings.twilio_api_url:
        client.api.base_url = settings.twilio_api_url.rstrip("/")
    return client
