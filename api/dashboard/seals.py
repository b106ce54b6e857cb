"""What the dashboard leaves with browsers: sealed texts that only this installation can make or read."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from outdial.secrets import secret_keys
from outdial.settings import Settings


class Seals:
    """Seals texts for one purpose each, so that none passes for another; old keys still open."""

    def __init__(self, settings: Settings) -> None:
        self._keys = [_own_key(key) for key in secret_keys(settings)]
        self._fernet = MultiFernet([Fernet(key) for key in self._keys])

    def seal(self, purpose: str, text: str) -> str:
        """The text, sealed; different each time."""
        return self._fernet.encrypt(f"{purpose}:{text}".encode()).decode()

    def open(self, purpose: str, sealed: str) -> str | None:
        """The text that was sealed for this purpose, None if this was not made here."""
        try:
            found, _, text = self._fernet.decrypt(sealed.encode()).decode().partition(":")
        except (InvalidToken, ValueError):
            return None
        return text if found == purpose else None

    def sign(self, text: str) -> str:
        """A signature of the text, always the same, so that a page that did not change looks unchanged."""
        return _signature(self._keys[0], text)

    def is_signed(self, text: str, signature: str) -> bool:
        """Whether the signature is ours, by any key."""
        return any(hmac.compare_digest(_signature(key, text), signature) for key in self._keys)


def _signature(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _own_key(key: str) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"outdial dashboard")
    return base64.urlsafe_b64encode(derive.derive(base64.urlsafe_b64decode(key)))
