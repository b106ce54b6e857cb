"""Access tokens: signed, short-lived, naming a client and what it may do."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from outdial.errors import Unauthorized
from outdial.ids import new_id
from outdial.oauth.scopes import ALL
from outdial.secrets import secret_keys
from outdial.settings import Settings

ALGORITHM = "HS256"
ISSUER = "outdial"
_PURPOSE = b"outdial oauth access tokens"


class TokenRefused(Unauthorized):
    """The token is not ours, was changed, or has expired."""

    code = "invalid_token"


@dataclass(frozen=True)
class Token:
    """What a token says."""

    client_id: str
    scopes: frozenset[str]


class Tokens:
    """Signs with the installation's newest key and accepts any of them, so that keys can be rotated."""

    def __init__(self, keys: Sequence[str], lifetime: timedelta) -> None:
        self.lifetime = lifetime
        self._keys = KeySet([_derived(key) for key in keys])

    @classmethod
    def from_settings(cls, settings: Settings) -> "Tokens":
        """Those of this installation."""
        return cls(secret_keys(settings), timedelta(seconds=settings.oauth_token_lifetime))

    def issue(self, client_id: str, scopes: Sequence[str], now: datetime) -> str:
        """A token for the client, good from ``now`` for the lifetime."""
        newest = self._keys.keys[0]
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": client_id,
            "scope": " ".join(scopes),
            "iat": int(now.timestamp()),
            "exp": int((now + self.lifetime).timestamp()),
            "jti": new_id("tok"),
        }
        return jwt.encode({"alg": ALGORITHM, "kid": newest.kid}, claims, newest, algorithms=[ALGORITHM])

    def read(self, token: str, now: datetime) -> Token:
        """What the token says. Raises TokenRefused."""
        rules = jwt.JWTClaimsRegistry(
            now=lambda: int(now.timestamp()),
            iss={"essential": True, "value": ISSUER},
            sub={"essential": True},
            exp={"essential": True},
        )
        try:
            claims = jwt.decode(token, self._keys, algorithms=[ALGORITHM]).claims
            rules.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise TokenRefused(
                "This access token is unknown or has expired; ask for another at POST /oauth/token."
            ) from error
        return Token(claims["sub"], frozenset(str(claims.get("scope", "")).split()) & set(ALL))


def _derived(key: str) -> OctKey:
    """A key for this purpose alone, from one of the installation's."""
    secret = hmac.digest(key.encode(), _PURPOSE, "sha256")
    name = base64.urlsafe_b64encode(hashlib.sha256(secret).digest())[:12].decode()
    return OctKey.import_key(secret, {"kid": name})
