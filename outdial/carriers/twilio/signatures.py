"""Proof that a request is Twilio's, and that a socket is the one which we asked for."""

import base64
import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from twilio.request_validator import RequestValidator

from outdial.secrets import secret_keys
from outdial.settings import Settings

HEADER: Final = "X-Twilio-Signature"


class Signatures:
    """Checks signatures by the account's auth token, over the address as Twilio knows it."""

    def __init__(self, settings: Settings) -> None:
        token = settings.twilio_auth_token
        self._validator: Any = RequestValidator(token.get_secret_value()) if token else None
        self._base_url = settings.base_url

    def signed_form(self, target: str, fields: Mapping[str, Sequence[str]], signature: str) -> bool:
        """Whether a form that was posted to ``target`` (path and query) is Twilio's."""
        return self._valid(self._base_url + target, _Form(fields), signature)

    def signed_body(self, target: str, body: str, signature: str) -> bool:
        """The same for a JSON body, whose hash is in the query."""
        return "bodySHA256=" in target and self._valid(self._base_url + target, body, signature)

    def signed_socket(self, target: str, signature: str) -> bool:
        """Whether a WebSocket handshake at ``target`` is Twilio's."""
        return self._valid("ws" + self._base_url.removeprefix("http") + target, {}, signature)

    def _valid(self, url: str, body: Any, signature: str) -> bool:
        # Without a token nothing is Twilio's: an open door would let anybody end calls.
        return self._validator is not None and bool(self._validator.validate(url, body, signature))


class _Form(dict[str, str]):
    """A form as Twilio's validator reads it, every value of a repeated field included."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        super().__init__({name: values[-1] for name, values in fields.items()})
        self._fields = fields

    def getlist(self, name: str) -> list[str]:
        return list(self._fields[name])


def relay_token(settings: Settings, dial_key: str) -> str:
    """What opens the conversation's socket of one attempt, and of no other."""
    return _token(secret_keys(settings)[0], dial_key)


def opens_relay(settings: Settings, dial_key: str, token: str) -> bool:
    """Whether the token is that attempt's, under any of the installation's keys."""
    return any(hmac.compare_digest(_token(key, dial_key), token) for key in secret_keys(settings))


def _token(key: str, dial_key: str) -> str:
    digest = hmac.digest(key.encode(), f"twilio relay {dial_key}".encode(), sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
