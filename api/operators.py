"""Who may see what belongs to no account: operators, by their token, or whoever sits at this machine."""

import secrets

from fastapi import Request
from pydantic import SecretStr

from outdial.errors import Forbidden

_LOOPBACK = {"127.0.0.1", "::1"}
_FORWARDED = {"forwarded", "x-forwarded-for", "via"}


def require_operator(request: Request, token: SecretStr | None, setting: str) -> None:
    """Let pass who sends ``token``, or, where none is set, who asks from this machine. Raises Forbidden."""
    if token is None:
        if not _is_from_this_machine(request):
            raise Forbidden(f"Set {setting} to ask from another machine.")
        return
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if not secrets.compare_digest(given, token.get_secret_value().encode()):
        raise Forbidden("This needs the operators' token, Authorization: Bearer …")


def _is_from_this_machine(request: Request) -> bool:
    # A proxy on this machine speaks for others, and says so.
    forwarded = _FORWARDED & set(request.headers)
    return request.client is not None and request.client.host in _LOOPBACK and not forwarded
