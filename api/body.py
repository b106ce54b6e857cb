"""Request bodies: how large they may be, and what no text in them may contain."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, cast
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from outdial.errors import Invalid
from outdial.ids import from_uuid
from outdial.numbers import WHAT_E164_IS
from outdial.storable import check_storable

# Below these addresses lists of people are sent.
LISTS = ("/v1/calls/batch", "/v1/outbound-jobs", "/v1/do-not-call", "/dashboard/batches", "/api/v1/schedules")

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_UNREASONABLE = "expected a time between 1970 and 2200, in Unix seconds or ISO 8601"
_NUMBER = re.compile(r"-?\d+(\.\d*)?")


class Body(BaseModel):
    """Base of every JSON body. Unknown fields are refused: a misspelt ``schedule_at`` must not call now."""

    model_config = ConfigDict(extra="forbid")
    # A field whose rows are bodies themselves, and are checked as such.
    rows: ClassVar[str | None] = None

    @model_validator(mode="before")
    @classmethod
    def _is_storable(cls, data: Any) -> Any:
        try:
            check_storable(cls._without_rows(data))
        except Invalid as error:
            raise PydanticCustomError("invalid", "{message}", {"message": error.message}) from None
        return data

    @classmethod
    def _without_rows(cls, data: Any) -> Any:
        if cls.rows is None or not isinstance(data, dict):
            return data
        return {name: value for name, value in cast("dict[Any, Any]", data).items() if name != cls.rows}


def _written_out(value: Any) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "Expected {form}, as text.", {"form": WHAT_E164_IS})
    return value


# A phone number before it is read. As a JSON number it would have lost its plus, and perhaps zeros.
PhoneText = Annotated[str, BeforeValidator(_written_out)]


def _from_seconds(value: Any) -> Any:
    """Numbers are seconds, whatever their size: what is meant as milliseconds must not be guessed at."""
    if isinstance(value, bool):
        raise ValueError("expected Unix seconds, or a time in ISO 8601 with its offset")
    if not isinstance(value, int | float) and not (isinstance(value, str) and _NUMBER.fullmatch(value)):
        return value
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (OverflowError, ValueError, OSError):
        raise ValueError(_UNREASONABLE) from None


def _within_reason(value: datetime) -> datetime:
    # The ends of the calendar overflow when they are moved to another timezone.
    if not _EARLIEST <= value <= _LATEST:
        raise ValueError(_UNREASONABLE)
    return value.astimezone(UTC)


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_from_seconds),
    AfterValidator(_within_reason),
    WithJsonSchema(
        {"anyOf": [{"type": "number"}, {"type": "string", "format": "date-time"}]}, mode="validation"
    ),
]


def _as_ours(text: str) -> str:
    try:
        return from_uuid("camp", UUID(text))
    except ValueError:
        return text


# As ours, or the uid by which the Mico dialect shows the same campaign.
CampaignId = Annotated[str, AfterValidator(_as_ours)]


class BodyLimit:
    """ASGI middleware: refuse bodies of more than ``limit`` bytes, announced or found while reading.

    Where people are listed, ``lists`` bounds JSON, and ``files`` a form with a file.
    """

    def __init__(self, app: ASGIApp, limit: int, *, lists: int = 0, files: int = 0) -> None:
        self._app = app
        self._limit = limit
        self._lists = max(limit, lists)
        self._files = max(limit, files)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; anything but HTTP passes through."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            receive = _Counted(
                receive, self._most(scope["path"], headers), headers.get("content-length")
            ).receive
        await self._app(scope, receive, send)

    def _most(self, path: str, headers: Headers) -> int:
        if not path.startswith(LISTS):
            return self._limit
        is_form = headers.get("content-type", "").startswith("multipart/form-data")
        return self._files if is_form else self._lists


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
