"""`POST /oauth/token`: OAuth 2.0 client credentials (RFC 6749, section 4.4)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any, cast
from urllib.parse import unquote_plus

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from api.deps import DatabaseDep
from api.errors import Failure
from api.rate_limits import RateLimits
from outdial.errors import Invalid
from outdial.models.base import utc_now
from outdial.oauth import clients
from outdial.oauth.scopes import known
from outdial.oauth.tokens import Tokens

PATH = "/oauth/token"
GRANT = "client_credentials"
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

router = APIRouter(tags=["Mico"])


class TokenAnswer(BaseModel):
    """An access token."""

    access_token: str
    token_type: str = Field(examples=["Bearer"])
    expires_in: int = Field(description="Seconds.", examples=[3600])
    scope: str = Field(examples=["campaigns:read campaigns:write"])


class TokenError(BaseModel):
    """Why there is no token, in the words of RFC 6749."""

    error: str = Field(examples=["invalid_client"])
    error_description: str


async def _fields(request: Request) -> Mapping[str, Any]:
    """The form, or the same fields as JSON; the client's id and secret also from HTTP Basic."""
    given: dict[str, Any] = {}
    if "json" in request.headers.get("content-type", ""):
        try:
            body = await request.json()
        except ValueError:
            body = None
        given = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    else:
        given = dict(await request.form())
    return {**given, **_basic(request.headers.get("authorization", ""))}


_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "enum": [GRANT]},
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string"},
                        "scope": {
                            "type": "string",
                            "description": "With spaces; unset: all of the client's.",
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    PATH,
    summary="Get an access token",
    response_model=TokenAnswer,
    responses={400: {"model": TokenError}, 401: {"model": TokenError}},
    openapi_extra=_FORM,
)
def token(
    request: Request, fields: Annotated[Mapping[str, Any], Depends(_fields)], database: DatabaseDep
) -> Response:
    """For a client that was made with `POST /v1/oauth-clients`; id and secret in the form or by HTTP Basic."""
    tokens: Tokens = request.app.state.tokens
    limits: RateLimits = request.app.state.rate_limits
    values = {
        name: str(fields.get(name) or "") for name in ("grant_type", "client_id", "client_secret", "scope")
    }
    if not values["grant_type"]:
        return _refused("invalid_request", "Send grant_type=client_credentials.")
    if values["grant_type"] != GRANT:
        return _refused("unsupported_grant_type", f"Only {GRANT} is supported.")
    limits.count(request, f"token {values['client_id'][:100]}")
    with database.read() as session:
        client = clients.recognise(session, values["client_id"].replace("\0", ""), values["client_secret"])
    if client is None:
        description = "No client has this id and secret, or it was revoked."
        return _refused("invalid_client", description, 401, {"WWW-Authenticate": 'Basic realm="Outdial"'})
    wanted = values["scope"].split()
    try:
        scopes = [name for name in known(wanted or client.scopes) if name in client.scopes]
    except Invalid as error:
        return _refused("invalid_scope", error.message)
    if len(scopes) < len(set(wanted)):
        return _refused("invalid_scope", f"This client may have: {' '.join(client.scopes)}.")
    answer = TokenAnswer(
        access_token=tokens.issue(client.id, scopes, utc_now()),
        token_type="Bearer",  # noqa: S106
        expires_in=int(tokens.lifetime.total_seconds()),
        scope=" ".join(scopes),
    )
    return JSONResponse(answer.model_dump(), headers=_NO_STORE)


def render(_request: Request, failure: Failure) -> Response:
    """Any other failure at this address, in the same words."""
    code = "temporarily_unavailable" if failure.status in (429, 503) else "invalid_request"
    return _refused(code, failure.detail, failure.status)


def _refused(
    error: str, description: str, status: int = 400, headers: Mapping[str, str] | None = None
) -> Response:
    body = TokenError(error=error, error_description=description)
    return JSONResponse(body.model_dump(), status, {**_NO_STORE, **(headers or {})})


def _basic(header: str) -> dict[str, str]:
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        name, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return {}
    return {"client_id": unquote_plus(name), "client_secret": unquote_plus(secret)}
