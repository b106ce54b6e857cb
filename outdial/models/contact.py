"""People who are called, and their consent to it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from outdial.ids import new_id
from outdial.models.base import JsonColumn, Table, UtcDateTime, enum_type, utc_now


class ConsentKind(StrEnum):
    """How somebody agreed to be called."""

    WRITTEN = "written"
    ORAL = "oral"
    IMPLIED = "implied"


class Contact(Table, table=True):
    """A person of an account; the number tells people apart. ``timezone`` None: where the number is."""

    __table_args__ = (
        UniqueConstraint("account_id", "number"),
        Index("ix_contact_account_created", "account_id", "created_at", "id"),
    )

    id: str = Field(default_factory=lambda: new_id("ctc"), primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    number: str
    first_name: str | None = None
    last_name: str | None = None
    full_name: str | None = None
    phonetic_first_name: str | None = None
    phonetic_last_name: str | None = None
    phonetic_full_name: str | None = None
    email: str | None = None
    timezone: str | None = None
    custom: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Consent(Table, table=True):
    """One time that a contact agreed to be called, kept as evidence also once it is revoked."""

    __table_args__ = (Index("ix_consent_contact", "contact_id", "given_at"),)

    id: str = Field(default_factory=lambda: new_id("cns"), primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    contact_id: str = Field(foreign_key="contact.id")
    kind: ConsentKind = Field(sa_type=enum_type(ConsentKind))
    source: str  # where it can be proven: a form, a recording, a contract
    given_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
