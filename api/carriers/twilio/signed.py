"""Requests that are proven to be Twilio's."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, cast
from urllib.parse import parse_qs

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from outdial.carriers.twilio.signatures import HEADER, Signatures
from outdial.errors import Forbidden, Invalid


class SignatureWrong(Forbidden):
    """The request is not signed with the Twilio account's auth token, over the public address."""

    code = "signature_wrong"


async def signed_fields(request: Request) -> Mapping[str, str]:
    """The fields of a form or JSON body. Raises SignatureWrong unless Twilio signed it."""
    signatures: Signatures = request.app.state.twilio_signatures
    body, target, signature = await request.body(), target_of(request), request.headers.get(HEADER, "")
    if "json" in request.headers.get("content-type", ""):
        if not signatures.signed_body(target, body.decode(errors="replace"), signature):
            raise _wrong()
        return _fields_of(body)
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    if not signatures.signed_form(target, fields, signature):
        raise _wrong()
    return {name: values[-1] for name, values in fields.items()}


FieldsDep = Annotated[Mapping[str, str], Depends(signed_fields)]


def target_of(connection: HTTPConnection) -> str:
    """Path and query as they were sent; nothing of them may be encoded anew before it is checked."""
    path: bytes = connection.scope.get("raw_path") or connection.scope["path"].encode()
    query: bytes = connection.scope.get("query_string", b"")
    return path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")


def _fields_of(body: bytes) -> dict[str, str]:
    try:
        found: Any = json.loads(body)
    except ValueError:
        raise Invalid("Expected JSON.") from None
    if not isinstance(found, dict):
        raise Invalid("Expected a JSON object.")
    return {str(name): str(value) for name, value in cast("dict[Any, Any]", found).items()}


def _wrong() -> SignatureWrong:
    return SignatureWrong("This request is not signed by Twilio for this address.")
