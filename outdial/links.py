"""Addresses of a call's transcript and recording that work without an API key, for a while."""

import base64
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from outdial.errors import Forbidden, NotFound
from outdial.secrets import secret_keys
from outdial.settings import Settings


class LinkKind(StrEnum):
    TRANSCRIPT = "transcript"
    RECORDING = "recording"


class LinkExpired(Forbidden):
    """The address was ours and is too old; a fresh one is in the call's own record."""

    code = "link_expired"


class Links:
    """Makes and checks such addresses: Fernet tokens, sealed, dated, and good for one thing of one call."""

    def __init__(self, settings: Settings) -> None:
        self._fernet = MultiFernet([Fernet(_key_for_links(key)) for key in secret_keys(settings)])
        self._base_url = settings.base_url
        self._lifetime = timedelta(seconds=settings.link_lifetime)

    def transcript_url(self, call_id: str, now: datetime) -> str:
        """Where the call's transcript can be read as JSON until ``now`` plus the lifetime."""
        return self._url(LinkKind.TRANSCRIPT, call_id, now)

    def recording_url(self, call_id: str, now: datetime) -> str:
        """Where the call's recording can be fetched until ``now`` plus the lifetime."""
        return self._url(LinkKind.RECORDING, call_id, now)

    def verify(self, kind: LinkKind, token: str, now: datetime) -> str:
        """The id of the call that the token opens. Raises NotFound if it is not ours, LinkExpired if old."""
        sealed = token + "=" * (-len(token) % 4)
        try:
            opens, _, call_id = self._fernet.decrypt(sealed).decode().partition(":")
            made = datetime.fromtimestamp(self._fernet.extract_timestamp(sealed), UTC)
        except (InvalidToken, ValueError):
            raise _no_such_link() from None
        if opens != kind:
            raise _no_such_link()
        if now >= made + self._lifetime:
            raise LinkExpired("This link has expired. Read the call with your API key to get a fresh one.")
        return call_id

    def _url(self, kind: LinkKind, call_id: str, now: datetime) -> str:
        token = self._fernet.encrypt_at_time(f"{kind}:{call_id}".encode(), int(now.timestamp()))
        return f"{self._base_url}/v1/links/{kind}/{token.decode().rstrip('=')}"


def _no_such_link() -> NotFound:
    return NotFound("There is nothing at this address.")


def _key_for_links(key: str) -> bytes:
    """A key of their own, so that a link can never pass for a stored secret, nor the other way round."""
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"outdial links")
    return base64.urlsafe_b64encode(derive.derive(base64.urlsafe_b64decode(key)))
