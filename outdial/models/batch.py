"""Batches: many calls under one policy; also what others call a schedule or an outbound job."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field

from outdial.ids import new_id
from outdial.models.base import JsonColumn, Table, UtcDateTime, enum_type, utc_now
from outdial.vocabulary import BatchStatus


class Batch(Table, table=True):
    """The policy of its calls, read again at every dial: a change reaches what has not been dialled yet.

    The recipients are rows of `Call`. Calls whose ``batch_row`` is not below ``rows`` belong to an upload that
    is still being taken in (``intake_at`` is when it last moved), and are not dialled.
    """

    __table_args__ = (
        Index("ix_batch_account_created", "account_id", "created_at", "id"),
        Index("ix_batch_account_status", "account_id", "status", "created_at", "id"),
        # Whoever shares an account's lines, and what upkeep looks after.
        Index(
            "ix_batch_open",
            "account_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: str = Field(default_factory=lambda: new_id("batch"), primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    campaign_id: str | None = None
    name: str
    agent_id: str = Field(foreign_key="agent.id")
    agent_version_id: str = Field(foreign_key="agent_version.id")

    concurrency: int | None = None  # lines at most; None: as many as the account has
    spacing_seconds: float = 0
    retry: dict[str, Any] | None = Field(default=None, sa_type=JsonColumn)
    calling_hours: dict[str, Any] | None = Field(default=None, sa_type=JsonColumn)
    timezone: str | None = None  # of all recipients; None: where each number is
    schedule_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # nothing is dialled from then on

    caller_id: str | None = None
    max_duration_seconds: int
    recording_enabled: bool = True
    trigger: str | None = None  # which of the agent's tasks its calls are
    metadata_for_agent: bool = False  # the agent is told each recipient's metadata
    test: bool = False  # dialled at the simulated carrier, whichever is set
    webhook_url: str | None = None
    client_metadata: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)

    # A schedule goes on while it is without calls, and dials while it is enabled.
    stays_open: bool = False
    enabled: bool = True
    auto: bool = False  # enables itself when it is due, once
    untold: bool = False  # its workflow does not know yet of a change of these, or of its times
    notifications: list[dict[str, Any]] = Field(default_factory=list, sa_type=JsonColumn)

    status: BatchStatus = Field(default=BatchStatus.PREPARING, sa_type=enum_type(BatchStatus))
    lines_wanted: int = 0  # how many it could use now, for the sharing of the account's lines
    graceful: bool = False  # a cancel lets live conversations end
    rows: int = 0
    rejected: int = 0
    variables: list[str] = Field(default_factory=list, sa_type=JsonColumn)  # names, as first seen
    intake_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    workflow_started: bool = False
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_seconds: float = 0  # in all pauses that are over
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def live(self) -> bool:
        """Whether it dials once it is due: it is enabled, or is to enable itself then."""
        return self.enabled or (self.auto and self.started_at is None)


class BatchRejection(Table, table=True):
    """A recipient that was not taken into a batch, and why."""

    __table_args__ = (Index("ix_batch_rejection_batch", "batch_id", "batch_row"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    batch_id: str = Field(foreign_key="batch.id")
    batch_row: int
    line: int | None = None  # where it begins in the uploaded file
    phone: str
    external_id: str | None = None
    variables: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)  # empty if they can't be kept
    code: str
    reason: str
    duplicate_of: int | None = None  # the batch_row of the call that has this number
