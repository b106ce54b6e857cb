"""What a real carrier told us, the talks at its sockets, its recordings, and how fast it may be asked to dial."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from outdial.ids import new_id
from outdial.models.base import JsonColumn, Table, UtcDateTime, utc_now

UNFETCHED = "fetched_at IS NULL AND deleted_at IS NULL"


class CarrierReport(Table, table=True):
    """One thing that a carrier told of an attempt: written down first, then signalled to the call's workflow."""

    __table_args__ = (
        UniqueConstraint("carrier", "event_id"),
        Index("ix_carrier_report_attempt", "call_id", "attempt", "id"),
        # The sweep's question: what was not signalled?
        Index(
            "ix_carrier_report_unsignalled",
            "received_at",
            sqlite_where=text("signalled_at IS NULL"),
            postgresql_where=text("signalled_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    carrier: str
    event_id: str  # the same for every repetition of the same thing
    call_id: str = Field(foreign_key="call.id")
    attempt: int
    sequence: int = 0  # the carrier's own order
    event: dict[str, Any] = Field(sa_type=JsonColumn)
    received_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    signalled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TalkSession(Table, table=True):
    """The one conversation of an attempt at the carrier's socket, held by some API process."""

    __table_args__ = (
        # The watch's question: which talks are on?
        Index(
            "ix_talk_session_open",
            "seen_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    attempt_id: str = Field(foreign_key="attempt.id", primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    call_id: str = Field(foreign_key="call.id")
    opened_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)  # the process that holds it was alive then
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None
    error: str | None = None


class Recording(Table, table=True):
    """A recording of an attempt: announced by the carrier, fetched into the media store, deleted in time."""

    __table_args__ = (
        UniqueConstraint("carrier", "carrier_recording_id"),
        # What is kept, the oldest first; what is still to be fetched.
        Index(
            "ix_recording_kept",
            "created_at",
            "id",
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_recording_unfetched",
            "created_at",
            sqlite_where=text(UNFETCHED),
            postgresql_where=text(UNFETCHED),
        ),
    )

    id: str = Field(default_factory=lambda: new_id("rec"), primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    call_id: str = Field(foreign_key="call.id", index=True)
    attempt_id: str = Field(foreign_key="attempt.id")
    carrier: str
    carrier_recording_id: str
    path: str  # in the media store
    seconds: int | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    fetched_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DialPace(Table, table=True):
    """When the next dial of somebody who dials at a steady pace is due, and whether all of it stands still."""

    key: str = Field(primary_key=True)  # a carrier's account, or an account of ours
    free_at: datetime = Field(sa_type=UtcDateTime)
    stopped_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stopped_reason: str | None = None


class TextIntent(Table, table=True):
    """A text message that the carrier was, or is about to be, asked to send: it is never asked again."""

    key: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    carrier_message_id: str | None = None
