"""Secrets at rest: encrypted with keys from the settings, or with one kept in a file in the data folder."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from outdial.errors import Unavailable
from outdial.settings import Settings

KEY_FILE = "secret.key"


class SecretUnreadable(Unavailable):
    """A stored secret can't be decrypted with any of the keys."""

    code = "secret_unreadable"


class SecretBox:
    """Authenticated encryption of short texts. The first key encrypts, any of them decrypts.

    To rotate: put a new key first, keep the old ones until `outdial.rotation` has been over every stored secret.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises ValueError for a key that is not 32 bytes in URL-safe base64."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    @classmethod
    def from_settings(cls, settings: Settings) -> "SecretBox":
        """The box of this installation."""
        return cls(secret_keys(settings))

    def encrypt(self, text: str) -> str:
        """The text, unreadable without a key; different each time."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """The text. Raises SecretUnreadable where no key fits or the token was changed."""
        try:
            return self._fernet.decrypt(token).decode()
        except (InvalidToken, ValueError):
            raise SecretUnreadable(
                "A stored secret can't be read: its key is neither in OUTDIAL_SECRET_KEYS nor in secret.key."
            ) from None

    def reencrypt(self, token: str) -> str:
        """The same text under the newest key. Raises SecretUnreadable as ``decrypt`` does."""
        return self.encrypt(self.decrypt(token))


def secret_keys(settings: Settings) -> list[str]:
    """The installation's keys, newest first; one is made and kept in the data folder where none are set."""
    if settings.secret_keys is None:
        return _kept_keys(settings.data / KEY_FILE)
    return [key.strip() for key in settings.secret_keys.get_secret_value().split(",") if key.strip()]


def _kept_keys(path: Path) -> list[str]:
    """One a line."""
    if not path.exists():
        _make_key(path)
    return path.read_text(encoding="ascii").split()


def _make_key(path: Path) -> None:
    """Write a whole file, then link it: of several processes one wins, and none reads half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(Fernet.generate_key())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # Another process was first; its key counts.
    finally:
        draft.unlink()
