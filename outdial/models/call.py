"""Calls, their attempts, what was said and what happened."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from outdial.ids import new_id
from outdial.models.base import JsonColumn, Table, UtcDateTime, enum_type, utc_now
from outdial.vocabulary import AttemptState, CallStatus, Disposition, Progress, Sentiment, Speaker

# Queries say these in the same words, so that both databases see that the partial index fits.
UNSTARTED_IN_BATCH = "batch_id IS NOT NULL AND NOT workflow_started AND ended_at IS NULL"
ON_ITS_WAY = "workflow_started AND ended_at IS NULL"
HAD_TO_WAIT = "workflow_started AND ended_at IS NULL AND hold_reason IS NOT NULL"
HAS_METADATA = "client_metadata <> '{}'"
TO_CONTACT = "contact_id IS NOT NULL AND initial_message IS NOT NULL"
# What calls of a schedule are listed by; none of it burdens other calls.
LISTED_BY = (
    "external_id",
    "first_name",
    "last_name",
    "phonetic_first_name",
    "phonetic_last_name",
    "email",
    "number",
    "outcome",
)


def _in_schedule(name: str, *columns: str, where: str = "schedule_id IS NOT NULL") -> Index:
    return Index(name, "schedule_id", *columns, "id", sqlite_where=text(where), postgresql_where=text(where))


class Call(Table, table=True):
    """The intent to reach one number once, and what came of it."""

    __table_args__ = (
        Index("ix_call_account_created", "account_id", "created_at", "id"),
        Index("ix_call_account_status", "account_id", "status", "created_at", "id"),
        Index("ix_call_account_number", "account_id", "number", "created_at", "id"),
        Index("ix_call_account_outcome", "account_id", "outcome", "created_at", "id"),
        Index("ix_call_account_agent", "account_id", "agent_id", "created_at", "id"),
        # A day in numbers, answered from the index alone.
        Index("ix_call_account_started", "account_id", "started_at", "disposition", "outcome"),
        Index("ix_call_batch", "batch_id", "batch_row"),
        Index(
            "ix_call_batch_created",
            "batch_id",
            "created_at",
            "id",
            sqlite_where=text("batch_id IS NOT NULL"),
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
        Index("ix_call_batch_counts", "batch_id", "status", "outcome", "disposition"),
        # A number is called once in a batch, but for a schedule.
        Index(
            "uq_call_batch_number",
            "batch_id",
            "number",
            unique=True,
            sqlite_where=text("batch_id IS NOT NULL AND NOT may_repeat"),
            postgresql_where=text("batch_id IS NOT NULL AND NOT may_repeat"),
        ),
        _in_schedule("ix_call_schedule"),
        *(_in_schedule(f"ix_call_schedule_{column}", column) for column in LISTED_BY),
        _in_schedule("ix_call_schedule_trials", where="schedule_id IS NOT NULL AND batch_id IS NULL"),
        # A batch's questions: what has not been started, and what of it is on its way?
        Index(
            "ix_call_batch_unstarted",
            "batch_id",
            "batch_row",
            sqlite_where=text(UNSTARTED_IN_BATCH),
            postgresql_where=text(UNSTARTED_IN_BATCH),
        ),
        Index(
            "ix_call_on_its_way",
            "account_id",
            "batch_id",
            "due_at",
            sqlite_where=text(ON_ITS_WAY),
            postgresql_where=text(ON_ITS_WAY),
        ),
        # Who waits for a line, and who was given one.
        Index(
            "ix_call_in_queue",
            "progress",
            "account_id",
            "batch_id",
            "due_at",
            sqlite_where=text(HAD_TO_WAIT),
            postgresql_where=text(HAD_TO_WAIT),
        ),
        # A contact's calls; those that an account places to contacts one by one, and lists. Of indexes that
        # fit as well SQLite takes the one that was made last, and they are made by name.
        Index(
            "ix_call_contact",
            "contact_id",
            sqlite_where=text("contact_id IS NOT NULL"),
            postgresql_where=text("contact_id IS NOT NULL"),
        ),
        Index(
            "ix_call_to_contact",
            "account_id",
            "created_at",
            "id",
            sqlite_where=text(TO_CONTACT),
            postgresql_where=text(TO_CONTACT),
        ),
        # The client's own metadata. SQLite has no such index; an empty one of its own kind costs nothing there.
        Index(
            "ix_call_metadata",
            "client_metadata",
            postgresql_using="gin",
            postgresql_ops={"client_metadata": "jsonb_path_ops"},
            postgresql_where=text(HAS_METADATA),
            sqlite_where=text("0"),
        ),
        # The reconciler's question: what was recorded and never started? A batch starts its own calls.
        Index(
            "ix_call_unstarted",
            "batch_id",  # always empty; without it SQLite would go through every call outside batches
            "created_at",
            sqlite_where=text("NOT workflow_started AND batch_id IS NULL"),
            postgresql_where=text("NOT workflow_started AND batch_id IS NULL"),
        ),
        Index("ix_call_held", "id", sqlite_where=text("held"), postgresql_where=text("held")),
        # The sweep's question: what is not ended, and has not moved for long? And how many stand where?
        Index(
            "ix_call_open",
            "updated_at",
            "status",
            "progress",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: str = Field(default_factory=lambda: new_id("call"), primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    batch_id: str | None = None
    batch_row: int | None = None  # its place in what was uploaded, from 0
    schedule_id: str | None = None  # the schedule that lists it; a test call is not part of its batch
    may_repeat: bool = False  # other calls of its batch may go to the same number
    external_id: str | None = None  # the client's own name for the recipient
    agent_id: str = Field(foreign_key="agent.id")
    agent_version_id: str = Field(foreign_key="agent_version.id")
    contact_id: str | None = Field(default=None, foreign_key="contact.id")
    campaign_id: str | None = Field(default=None, foreign_key="campaign.id")
    test: bool = False  # dialled at the simulated carrier, whichever is set

    number: str
    number_given: str | None = None  # as it was written, where the client wants to see that again
    first_name: str | None = None
    last_name: str | None = None
    full_name: str | None = None
    phonetic_first_name: str | None = None
    phonetic_last_name: str | None = None
    phonetic_full_name: str | None = None
    email: str | None = None
    caller_id: str | None = None
    variables: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    client_metadata: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    schedule_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    timezone: str
    max_duration_seconds: int
    initial_message: str | None = None  # the opening line of this call, instead of the agent's
    trigger: str | None = None  # which of the agent's tasks
    metadata_for_agent: bool = False  # the agent is told the metadata
    initial_silence_timeout: int | None = None  # ms until a callee who has said nothing is prompted
    recording_enabled: bool = True
    webhook_url: str | None = None
    retry: dict[str, Any] | None = Field(default=None, sa_type=JsonColumn)
    calling_hours: dict[str, Any] | None = Field(default=None, sa_type=JsonColumn)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # never dialled from then on

    status: CallStatus = Field(default=CallStatus.SCHEDULED, sa_type=enum_type(CallStatus))
    progress: Progress = Field(default=Progress.WAITING, sa_type=enum_type(Progress))
    paused: bool = False
    due_at: datetime = Field(sa_type=UtcDateTime)
    hold_reason: str | None = None
    held: bool = False  # it may have been dialled since the backup that was restored; a person decides
    attempts_made: int = 0
    retries_used: int = 0
    runs: int = 1  # grows when a call that has ended is to be dialled again

    disposition: Disposition | None = Field(default=None, sa_type=enum_type(Disposition))
    end_reason: str | None = None
    outcome: str | None = None
    summary: str | None = None
    sentiment: Sentiment | None = Field(default=None, sa_type=enum_type(Sentiment))
    extracted: dict[str, Any] | None = Field(default=None, sa_type=JsonColumn)
    extraction_error: str | None = None

    workflow_started: bool = False
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Attempt(Table, table=True):
    """One dial of a call. While ``ended_at`` is empty it holds a line, so lines in use are counted from here."""

    __table_args__ = (
        UniqueConstraint("call_id", "number"),
        Index("ix_attempt_batch", "batch_id", "intended_at"),
        Index(
            "ix_attempt_schedule",
            "schedule_id",
            "disposition",
            "call_id",
            sqlite_where=text("schedule_id IS NOT NULL"),
            postgresql_where=text("schedule_id IS NOT NULL"),
        ),
        Index(
            "ix_attempt_line",
            "account_id",
            "batch_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: str = Field(default_factory=lambda: new_id("att"), primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    batch_id: str | None = None
    schedule_id: str | None = None  # the one that lists its call
    call_id: str = Field(foreign_key="call.id")
    number: int
    dial_key: str = Field(unique=True)
    carrier: str
    caller_id: str | None = None  # the number that was shown to the callee
    carrier_call_id: str | None = Field(default=None, index=True)
    state: AttemptState = Field(default=AttemptState.INTENDED, sa_type=enum_type(AttemptState))
    admission: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    intended_at: datetime = Field(sa_type=UtcDateTime)
    placed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ringing_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    disposition: Disposition | None = Field(default=None, sa_type=enum_type(Disposition))
    answered_by: str | None = None  # person or machine
    ended_by: str | None = None
    retry_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime
    )  # when the next attempt is due, if any
    error_code: str | None = None
    error_message: str | None = None
    outcome: str | None = None  # the tag that the call ended with at this attempt
    outcome_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    recording: str | None = None
    transcript_deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Turn(Table, table=True):
    """One utterance of a conversation, in order."""

    __table_args__ = (UniqueConstraint("attempt_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    attempt_id: str = Field(foreign_key="attempt.id")
    position: int
    speaker: Speaker = Field(sa_type=enum_type(Speaker))
    text: str
    at: datetime = Field(sa_type=UtcDateTime)
    latency_ms: int | None = None  # from the callee's last word to the agent's first, where that was measured


class CallEvent(Table, table=True):
    """One thing that happened to a call, for its timeline."""

    __table_args__ = (Index("ix_call_event_call", "call_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    call_id: str = Field(foreign_key="call.id")
    attempt: int | None = None
    type: str
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    at: datetime = Field(sa_type=UtcDateTime)


class SimulatedDial(Table, table=True):
    """The simulated carrier's own book: one row for every dial it was asked for, duplicates included."""

    id: int | None = Field(default=None, primary_key=True)
    dial_key: str = Field(index=True)
    number: str
    attempt: int
    placed_at: datetime = Field(sa_type=UtcDateTime)
