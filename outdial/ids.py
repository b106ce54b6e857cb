"""Identifiers: a prefix that says what the thing is, then a ULID in lower case, so that ids sort by time."""

from uuid import UUID

from ulid import ULID


def new_id(prefix: str) -> str:
    """A fresh id such as ``call_01k9…``; ids made later sort later (to the millisecond)."""
    return f"{prefix}_{str(ULID()).lower()}"


def to_uuid(identifier: str) -> UUID:
    """The same id in the UUID form that some dialects print.

    Raises ValueError for a text that is not one of our ids.
    """
    return ULID.from_str(identifier.rpartition("_")[2].upper()).to_uuid()


def from_uuid(prefix: str, uuid: UUID) -> str:
    """The id whose UUID form this is."""
    return f"{prefix}_{str(ULID.from_uuid(uuid)).lower()}"
