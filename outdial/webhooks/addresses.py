"""Which network addresses a webhook may be sent to: public ones only."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# From IANA's special-purpose registries. Written out, because what `ipaddress` calls global changes with
# Python's patch releases and never minded multicast, NAT64 or a cloud's own services.
_CLOSED = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; holds Alibaba's metadata service
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host services, reached by a public address
        "169.254.0.0/16",  # link-local; the clouds' metadata services
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # protocol assignments; holds Teredo, which carries IPv4 addresses
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries IPv4 addresses
        "3fff::/20",  # documentation
    )
)
# Everything else of IPv6 is loopback, link-local, unique-local, multicast, carries IPv4, or is not given out.
_GLOBAL_V6 = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def may_be_reached(address: str, *, allow_loopback: bool) -> bool:
    """Whether a webhook may go to this address. ``allow_loopback`` adds 127.0.0.0/8 and ::1, nothing else."""
    parsed = ip_address(address)
    if allow_loopback and any(parsed in network for network in _LOOPBACK):
        return True
    return _is_public(_carried(parsed))


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
        return False
    return not any(address in network for network in _CLOSED)


def _carried(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to: mapped, or by the well-known NAT64 prefix."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address
