"""Scopes: what a token may do."""

from collections.abc import Iterable
from enum import StrEnum

from outdial.errors import Invalid


class Scope(StrEnum):
    """Reading never changes anything; writing includes neither reading nor anything of another noun."""

    CALL_FLOWS_READ = "call_flows:read"
    CALL_FLOWS_WRITE = "call_flows:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"  # schedules too
    CALLS_READ = "outbound_calls:read"
    CALLS_WRITE = "outbound_calls:write"


ALL: tuple[str, ...] = tuple(Scope)


def known(names: Iterable[str]) -> list[str]:
    """The scopes of those names, each once, in our order. Raises Invalid for one that there is not."""
    wanted = set(names)
    strange = sorted(wanted - set(ALL))
    if strange:
        raise Invalid(f"No such scope: {', '.join(strange)}. There are: {', '.join(ALL)}.", field="scopes")
    return [scope for scope in ALL if scope in wanted]
