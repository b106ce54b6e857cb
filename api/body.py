"""Request bodies: how large they may be, and what no text in them may contain."""

import math
from collections.abc import Iterator
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_DEPTH = 32


class Body(BaseModel):
    """Base of every JSON body. Unknown fields are refused: a misspelt ``schedule_at`` must not call now."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _is_storable(cls, data: Any) -> Any:
        check_json(data)
        return data


def check_json(data: Any) -> None:
    """Refuse what JSON texts may hold and databases can't: NUL, lone surrogates, NaN, endless nesting."""
    for value, depth in _walk(data):
        if depth > MAX_DEPTH:
            raise PydanticCustomError(
                "too_deep", "Nested deeper than {levels} levels.", {"levels": MAX_DEPTH}
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise PydanticCustomError("not_finite", "NaN and Infinity are not JSON numbers.")
        if isinstance(value, str) and not _is_text(value):
            raise PydanticCustomError("not_text", "A text contains NUL or half of a surrogate pair.")


def _walk(data: Any) -> Iterator[tuple[Any, int]]:
    waiting: list[tuple[Any, int]] = [(data, 0)]
    while waiting:
        value, depth = waiting.pop()
        yield value, depth
        if isinstance(value, dict):
            inner = cast("dict[Any, Any]", value)
            waiting += [(one, depth + 1) for pair in inner.items() for one in pair]
        elif isinstance(value, list):
            waiting += [(one, depth + 1) for one in cast("list[Any]", value)]


def _is_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


class BodyLimit:
    """ASGI middleware: refuse bodies of more than ``limit`` bytes, announced or found while reading."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; anything but HTTP passes through."""
        if scope["type"] == "http":
            receive = _Counted(receive, self._limit, Headers(scope=scope).get("content-length")).receive
        await self._app(scope, receive, send)


class _Counted:
    def __init__(self, receive: Receive, limit: int, announced: str | None) -> None:
        self._receive = receive
        self._limit = limit
        self._seen = 0
        self._announced = int(announced) if announced and announced.isdecimal() else 0

    async def receive(self) -> Message:
        if self._announced > self._limit:
            raise HTTPException(413)
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > self._limit:
            raise HTTPException(413)
        return message
