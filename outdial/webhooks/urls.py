"""What may be given as a webhook's address."""

from ipaddress import ip_address

import httpx

from outdial.errors import Invalid
from outdial.webhooks.addresses import may_be_reached

MAX_LENGTH = 2_048


def check_url(url: str, *, allow_loopback: bool, field: str = "url") -> str:
    """The address as it is kept: https with a host and no password; http too where loopback is allowed.

    Raises Invalid, naming ``field``. Where a name leads is only known, and checked, at each delivery.
    """
    parsed = _parsed(url, field)
    schemes = ("https", "http") if allow_loopback else ("https",)
    if parsed.scheme not in schemes or not parsed.host:
        raise Invalid(f"A webhook's address is a full one that starts with {schemes[0]}://.", field=field)
    if parsed.userinfo:
        raise Invalid(
            "A webhook's address has no user and password; its signature proves the sender.", field=field
        )
    if parsed.port is not None and not 0 < parsed.port < 65_536:
        raise Invalid("A port is a number from 1 to 65535.", field=field)
    if not _may_lead_outside(parsed.host, allow_loopback):
        raise Invalid("A webhook's address must be reachable from the internet.", field=field)
    return str(parsed.copy_with(fragment=None))


def _parsed(url: str, field: str) -> httpx.URL:
    if len(url) > MAX_LENGTH:
        raise Invalid(f"A webhook's address has at most {MAX_LENGTH} characters.", field=field)
    try:
        return httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Invalid(f"This is not a web address: {error}", field=field) from None


def _may_lead_outside(host: str, allow_loopback: bool) -> bool:
    """False for addresses written out that are closed; a name may lead anywhere."""
    try:
        return may_be_reached(str(ip_address(host)), allow_loopback=allow_loopback)
    except ValueError:
        return allow_loopback or not (host == "localhost" or host.endswith(".localhost"))
