"""Where recordings come from: the carriers that made them."""

from typing import Final

import httpx

from outdial.errors import Unavailable
from outdial.settings import Settings

TWILIO_API: Final = "https://api.twilio.com"
FETCH_WITHIN: Final = 60.0
LARGEST: Final = 500_000_000


class MediaAway(Unavailable):
    """The carrier does not hand the recording out now."""

    code = "media_away"


def fetch_from_twilio(settings: Settings, recording_sid: str) -> bytes:
    """The recording as MP3, with the account's credentials. Raises MediaAway."""
    try:
        answer = httpx.get(
            f"{_address(settings, recording_sid)}.mp3",
            auth=_credentials(settings),
            timeout=FETCH_WITHIN,
            follow_redirects=True,
        )
    except httpx.HTTPError as error:
        raise MediaAway(f"Twilio did not hand out the recording: {type(error).__name__}.") from error
    if not answer.is_success or len(answer.content) > LARGEST:
        raise MediaAway(f"Twilio answered {answer.status_code} for the recording.")
    return answer.content


def delete_at_twilio(settings: Settings, recording_sid: str) -> None:
    """Delete it there; one that is gone already is as well. Raises MediaAway."""
    try:
        answer = httpx.delete(
            f"{_address(settings, recording_sid)}.json", auth=_credentials(settings), timeout=FETCH_WITHIN
        )
    except httpx.HTTPError as error:
        raise MediaAway(f"Twilio did not delete the recording: {type(error).__name__}.") from error
    if not answer.is_success and answer.status_code != 404:
        raise MediaAway(f"Twilio answered {answer.status_code} when the recording was to be deleted.")


def _address(settings: Settings, recording_sid: str) -> str:
    # Made from the sid, never taken from a callback: credentials go to Twilio only.
    api = (settings.twilio_api_url or TWILIO_API).rstrip("/")
    return f"{api}/2010-04-01/Accounts/{settings.twilio_account_sid}/Recordings/{recording_sid}"


def _credentials(settings: Settings) -> tuple[str, str]:
    token = settings.twilio_auth_token
    return settings.twilio_account_sid, token.get_secret_value() if token else ""
