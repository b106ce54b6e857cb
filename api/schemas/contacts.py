"""Contacts as they are described and shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.body import Body, Instant
from api.schemas.calls import AttemptPublic, CallPublic, EventPublic
from outdial.models import Consent, ConsentKind, Contact
from outdial.transcript import AttemptTranscript

_EXAMPLE: dict[str, Any] = {
    "number": "+1 (415) 555-0142",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "custom": {"plan": "gold"},
    "consent": {"kind": "written", "source": "web form, 2026-03-01"},
}
_Name = Annotated[str | None, Field(max_length=200)]


class ConsentGiven(Body):
    """The contact agreed to be called."""

    kind: ConsentKind
    source: str = Field(
        min_length=1, max_length=500, description="Where it can be proven.", examples=["web form"]
    )
    given_at: Instant | None = Field(None, description="Unix seconds or ISO 8601; unset: now.")


class ConsentPublic(BaseModel):
    """One time that the contact agreed."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    kind: ConsentKind
    source: str
    given_at: datetime
    revoked_at: datetime | None


class ContactPatch(Body):
    """What to change; fields that are left out stay. ``custom`` merges key by key, and null removes a key."""

    first_name: _Name = None
    last_name: _Name = None
    full_name: _Name = None
    phonetic_first_name: _Name = None
    phonetic_last_name: _Name = None
    phonetic_full_name: _Name = None
    email: str | None = Field(
        None, max_length=320, pattern=r"^[^@\s]+@[^@\s]+$", examples=["ada@example.com"]
    )
    timezone: str | None = Field(None, max_length=100, description="IANA name; null: where the number is.")
    custom: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="Your own fields; `{{custom.plan}}` in prompts."
    )


class ContactChange(ContactPatch):
    """The same, and another number."""

    number: str = Field("", max_length=50, description="In any form that people write.")

    def values(self) -> dict[str, Any]:
        """What was given, and nothing else."""
        return self.model_dump(exclude_unset=True)


class ContactCreate(ContactPatch):
    """A person. One with this number is changed instead, by the fields that are given."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    number: str = Field(
        max_length=50,
        description="In any form that people write; without a plus, of the account's region.",
        examples=["+1 (415) 555-0142"],
    )
    consent: ConsentGiven | None = None

    def values(self) -> dict[str, Any]:
        """The fields that were given, but for the number and the consent."""
        return self.model_dump(exclude_unset=True, exclude={"number", "consent"})


class ContactPublic(BaseModel):
    """A person."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    number: str = Field(description="E.164.", examples=["+14155550142"])
    first_name: str | None
    last_name: str | None
    full_name: str | None
    phonetic_first_name: str | None
    phonetic_last_name: str | None
    phonetic_full_name: str | None
    email: str | None
    timezone: str = Field(description="As it was given, else where the number is.")
    custom: dict[str, Any]
    consented: bool = Field(description="Whether there is a consent that was not revoked.")
    consent: ConsentPublic | None = Field(description="That consent, else the last one revoked.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, contact: Contact, timezone: str, consent: Consent | None) -> "ContactPublic":
        """What is shown of a row."""
        shown = {**contact.model_dump(), "timezone": timezone, "consent": consent}
        return cls.model_validate({**shown, "consented": consent is not None and consent.revoked_at is None})


class ExportedCall(CallPublic):
    """A call with all that happened in it."""

    attempts: list[AttemptPublic]
    events: list[EventPublic]
    transcript: list[AttemptTranscript]


class ContactExport(BaseModel):
    """All that is kept of a person."""

    contact: ContactPublic
    consents: list[ConsentPublic]
    calls: Sequence[ExportedCall]
