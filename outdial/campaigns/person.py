"""Whom a call of a schedule goes to, as the client described them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, field_validator

from outdial.batches.request import Recipient
from outdial.contacts.people import FIELDS, MAX_CUSTOM, MAX_CUSTOM_KIB
from outdial.storable import check_size, composed

MAX_NAME = 200
CUSTOM = "custom"
EVENT = "event_date_time"


class Person(BaseModel):
    """A recipient with their names. ``phone_number`` is kept as it was written, beside its E.164 form."""

    phone_number: str = Field(min_length=1, max_length=100)
    first_name: str = Field(min_length=1, max_length=MAX_NAME)
    last_name: str = Field(min_length=1, max_length=MAX_NAME)
    phonetic_first_name: str = Field(min_length=1, max_length=MAX_NAME)
    phonetic_last_name: str = Field(min_length=1, max_length=MAX_NAME)
    full_name: str | None = Field(None, max_length=MAX_NAME)
    phonetic_full_name: str | None = Field(None, max_length=MAX_NAME)
    email: str | None = Field(None, max_length=320)
    event_date_time: str | None = Field(None, max_length=100)
    custom_parameters: dict[str, Any] | None = None
    external_id: str | None = Field(None, min_length=1, max_length=200)

    @field_validator(*FIELDS)
    @classmethod
    def _composed(cls, text: str | None) -> str | None:
        return None if text is None else composed(text)

    @field_validator("event_date_time")
    @classmethod
    def _is_a_time(cls, text: str | None) -> str | None:
        try:
            datetime.fromisoformat(text or "2000-01-01")
        except ValueError:
            raise ValueError("expected a time in ISO 8601") from None
        return text

    def recipient(self) -> Recipient:
        """The same as a row of a batch. Raises Invalid for more custom parameters than are kept."""
        custom = self.custom_parameters or {}
        check_size(custom, keys=MAX_CUSTOM, kilobytes=MAX_CUSTOM_KIB, field="custom_parameters")
        return Recipient(self.phone_number, self.variables(), self.external_id, person=self.columns())

    def columns(self) -> dict[str, str | None]:
        """The names as columns of a call."""
        return {"number_given": self.phone_number, **{name: getattr(self, name) for name in FIELDS}}

    def variables(self) -> dict[str, Any]:
        """What placeholders may name: the fields, ``custom.…``, and custom parameters whose name is free."""
        known = {name: getattr(self, name) for name in (*FIELDS, EVENT)}
        own = {name: value for name, value in known.items() if value is not None}
        custom = self.custom_parameters or {}
        return {**custom, **own, CUSTOM: custom}
