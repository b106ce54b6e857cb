"""What an account decides itself: its name, and what holds for calls that say nothing of it."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from outdial import numbers
from outdial.errors import Invalid
from outdial.localtime import known_timezone
from outdial.models import Account, Agent
from outdial.store.scope import get


def change(session: Session, account: Account, given: Mapping[str, Any]) -> None:
    """Set these columns. Raises Invalid, and NotFound for an agent that is not the account's."""
    _check(given)
    if given.get("default_agent_id") is not None:
        get(session, account.id, Agent, given["default_agent_id"], field="default_agent_id")
    for name, value in given.items():
        setattr(account, name, value)
    session.add(account)


def _check(given: Mapping[str, Any]) -> None:
    region, zone, caller_id = (
        given.get(name) for name in ("default_region", "timezone", "default_caller_id")
    )
    if isinstance(region, str) and not numbers.is_region(region):
        raise Invalid("Expected a region of two letters, for example US.", field="default_region")
    if isinstance(zone, str):
        known_timezone(zone)
    if isinstance(caller_id, str):
        numbers.read_e164(caller_id, field="default_caller_id")
