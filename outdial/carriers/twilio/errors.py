"""What Twilio's errors mean for a dial: how the attempt ends, and whether dialling again can help."""

from dataclasses import dataclass
from typing import Final

from outdial.vocabulary import Disposition

TOO_MANY_REQUESTS: Final = 429


@dataclass(frozen=True)
class Refusal:
    """A refused dial. ``again``: another dial may succeed. ``stops``: no dial of this account can, for now."""

    disposition: Disposition
    meaning: str
    again: bool = False
    stops: bool = False


_LATER: Final = Refusal(Disposition.NOT_PLACED, "Twilio asks to slow down", again=True)
# Whoever can mend these is the operator; calls wait meanwhile instead of failing one by one.
_CREDENTIALS: Final = Refusal(
    Disposition.NOT_PLACED, "Twilio refuses the account sid or the auth token", again=True, stops=True
)
_INACTIVE: Final = Refusal(Disposition.NOT_PLACED, "the Twilio account is not active", again=True, stops=True)
_CALLER_ID: Final = Refusal(Disposition.FAILED, "the caller id is not a number of the Twilio account")
_COUNTRY: Final = Refusal(Disposition.FAILED, "the Twilio account may not call that country")

REFUSALS: Final = {
    10001: _INACTIVE,
    13227: _COUNTRY,
    20003: _CREDENTIALS,
    20429: _LATER,
    21210: _CALLER_ID,
    21211: Refusal(Disposition.INVALID_NUMBER, "the number does not exist"),
    21212: _CALLER_ID,
    21214: Refusal(Disposition.INVALID_NUMBER, "the number can't be reached"),
    21215: _COUNTRY,
    21216: Refusal(Disposition.FAILED, "Twilio does not call this number"),
    21217: Refusal(Disposition.INVALID_NUMBER, "the number is not one that can be called"),
    21219: Refusal(Disposition.FAILED, "a Twilio trial account calls only numbers that it has verified"),
}
OTHER: Final = Refusal(Disposition.FAILED, "Twilio refused the request")


def refusal(status: int, code: int | None) -> Refusal | None:
    """What an answer of this HTTP status and Twilio code means; None where nobody knows if it dialled."""
    if code in REFUSALS:
        return REFUSALS[code]
    if status == TOO_MANY_REQUESTS:
        return _LATER
    if status == 401:
        return _CREDENTIALS
    return OTHER if 400 <= status < 500 else None
