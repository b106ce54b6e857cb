"""Requests to Twilio that failed: was nothing done, or does nobody know?"""

from requests.exceptions import ConnectionError as NotConnected
from requests.exceptions import ConnectTimeout, RequestException
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from urllib3.exceptions import MaxRetryError, NewConnectionError

from outdial.carriers.base import DialRefused, DialUncertain
from outdial.carriers.twilio.errors import refusal
from outdial.vocabulary import Disposition


def refused_or_uncertain(answer: TwilioRestException | TwilioServiceException) -> Exception:
    """What an error that Twilio answered with says of the request: DialRefused or DialUncertain."""
    refused = refusal(answer.status, answer.code)
    if refused is None:
        return DialUncertain(f"Twilio answered {answer.status} after the request was sent.")
    return DialRefused(
        f"{refused.meaning} (Twilio error {answer.code})",
        code=str(answer.code or answer.status),
        disposition=refused.disposition,
        retryable=refused.again,
        stops=refused.stops,
    )


def unsent_or_uncertain(failure: RequestException) -> Exception:
    """The same for a request that was not answered."""
    if not _never_connected(failure):
        return DialUncertain(f"The request to Twilio ended with {type(failure).__name__}.")
    return DialRefused(
        "Twilio could not be reached; nothing was sent.",
        code="unreachable",
        disposition=Disposition.NOT_PLACED,
        retryable=True,
    )


def _never_connected(failure: RequestException) -> bool:
    """Whether not even a connection came about, so that nothing can have been sent."""
    if isinstance(failure, ConnectTimeout):
        return True
    cause = failure.args[0] if isinstance(failure, NotConnected) and failure.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
