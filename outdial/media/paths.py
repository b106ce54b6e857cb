"""Where in the media store a recording is."""

from outdial.models import Attempt

SUFFIX = ".mp3"


def recording_path(attempt: Attempt, carrier_recording_id: str) -> str:
    """The path of one recording; nothing in it comes from outside but letters, digits and dashes."""
    name = "".join(sign for sign in carrier_recording_id if sign.isalnum() or sign == "-")
    return f"{attempt.account_id}/{attempt.call_id}/{attempt.number}-{name}{SUFFIX}"
