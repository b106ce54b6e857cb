"""Ids in the form of this dialect: the UUID that one of ours stands for."""

from datetime import UTC, datetime
from uuid import UUID

from outdial.errors import NotFound
from outdial.ids import from_uuid, to_uuid

CALL_FLOW, CAMPAIGN, SCHEDULE, CALL = "agent", "camp", "batch", "call"
_NOUNS = {CALL_FLOW: "call flow", CAMPAIGN: "campaign", SCHEDULE: "schedule", CALL: "outbound call"}


def uid_of(identifier: str) -> str:
    """One of our ids as it is shown."""
    return str(to_uuid(identifier))


def id_of(kind: str, uid: str) -> str:
    """Our id of that kind. Raises NotFound for a text that is no UUID."""
    try:
        return from_uuid(kind, UUID(uid))
    except ValueError:
        raise not_found(kind, uid) from None


def not_found(kind: str, uid: str) -> NotFound:
    """There is none, or it is another account's."""
    return NotFound(f"There is no {_NOUNS[kind]} {uid!r}.")


def written(instant: datetime) -> str:
    """An instant as the guide prints it: UTC, to the second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def written_or_null(instant: datetime | None) -> str | None:
    """The same where there may be none."""
    return None if instant is None else written(instant)
