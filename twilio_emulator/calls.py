"""Calls as Twilio's API knows them."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from twilio_emulator.faults import Fault

VERSION = "2010-04-01"
ENDED = frozenset({"completed", "busy", "no-answer", "canceled", "failed"})


def new_sid(kind: str) -> str:
    """A sid of that kind: two letters and 32 hexadecimal digits."""
    return kind + secrets.token_hex(16)


def rfc2822(at: datetime | None) -> str | None:
    """A time as Twilio's API writes it."""
    return format_datetime(at) if at else None


@dataclass
class EmulatedCall:
    """One call with all that was asked of it; ``form`` is the request that made it."""

    account_sid: str
    form: Mapping[str, list[str]]
    fault: Fault
    sid: str = field(default_factory=lambda: new_sid("CA"))
    status: str = "queued"
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started_at: datetime | None = None
    ended_at: datetime | None = None
    answered_by: str | None = None
    queue_ms: int = 0
    sequence: int = 0
    recording_sid: str | None = None
    spoken: list[str] = field(default_factory=list[str])  # by <Say>
    dialled: list[str] = field(default_factory=list[str])  # by <Dial>
    said: list[str] = field(default_factory=list[str])  # in the conversation, both sides
    talked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])  # posted to the action address
    # TwiML; None hangs up.
    instructions: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue[str | None])
    sessions: int = 0

    def asked(self, name: str, default: str = "") -> str:
        """A parameter of the request that made the call."""
        return self.form.get(name, [default])[-1]

    @property
    def is_answered(self) -> bool:
        return self.status == "in-progress"

    @property
    def seconds(self) -> int:
        """How long the line was open."""
        if self.started_at is None:
            return 0
        return max(1, round(((self.ended_at or datetime.now(UTC)) - self.started_at).total_seconds()))

    def resource(self) -> dict[str, Any]:
        """The call as the API shows it."""
        uri = f"/{VERSION}/Accounts/{self.account_sid}/Calls/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "api_version": VERSION,
            "to": self.asked("To"),
            "to_formatted": self.asked("To"),
            "from": self.asked("From"),
            "from_formatted": self.asked("From"),
            "direction": "outbound-api",
            "status": self.status,
            "date_created": rfc2822(self.created_at),
            "date_updated": rfc2822(self.ended_at or self.created_at),
            "start_time": rfc2822(self.started_at or self.ended_at),
            "end_time": rfc2822(self.ended_at),
            "duration": str(self.seconds) if self.ended_at and self.started_at else None,
            "answered_by": self.answered_by,
            "queue_time": str(self.queue_ms),
            "parent_call_sid": None,
            "phone_number_sid": None,
            "forwarded_from": None,
            "group_sid": None,
            "caller_name": None,
            "price": None,
            "price_unit": "USD",
            "trunk_sid": None,
            "uri": f"{uri}.json",
            "subresource_uris": {"recordings": f"{uri}/Recordings.json", "events": f"{uri}/Events.json"},
        }
