"""One of many rows of a body: a row that is not what is expected is refused alone, and does not sink the others."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

from pydantic import BaseModel, PrivateAttr, ValidationError, ValidatorFunctionWrapHandler

from api.body import Body
from api.errors import field_errors_of
from outdial.errors import Invalid

# A row with a thousand wrong fields is told of in a sentence.
LONGEST_REASON = 500


@dataclass(frozen=True)
class Fault:
    """Why a row can't be read, and the row as it was sent."""

    error: Invalid
    sent: str


class Row(Body):
    """One row. Where it can't be read, ``fault`` says why, and only the texts that ``naming`` lists are kept."""

    naming: ClassVar[tuple[str, ...]] = ()
    _fault: Fault | None = PrivateAttr(None)

    @property
    def fault(self) -> Fault | None:
        """Why the row can't be read."""
        return self._fault

    @classmethod
    def read(cls, sent: Any, read: ValidatorFunctionWrapHandler) -> Any:
        """As ``read`` reads it, else the row with its fault; for pydantic's WrapValidator."""
        try:
            return read(sent)
        except ValidationError as error:
            return cls._faulty(sent, error)

    @classmethod
    def _faulty(cls, sent: Any, error: ValidationError) -> Self:
        wrong = field_errors_of(error)
        said = " ".join(f"{one.field}: {one.message}" if one.field else one.message for one in wrong)
        given = cast("dict[Any, Any]", sent) if isinstance(sent, dict) else {}
        texts: dict[str, Any] = {name: _text(given.get(name)) for name in cls.naming}
        row = cls.model_construct(**texts)
        row._fault = Fault(Invalid(said[:LONGEST_REASON], field=wrong[0].field), json.dumps(sent))
        return row


def digest_with_rows(body: BaseModel, rows: Iterable[Row]) -> str:
    """The whole body as text, for the Idempotency-Key: rows that could not be read too."""
    return "\n".join([body.model_dump_json(), *(row.fault.sent for row in rows if row.fault)])


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return text.encode(errors="replace").decode().replace("\0", "")
