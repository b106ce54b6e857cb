"""Which addresses a webhook may go to."""

import pytest

from outdial.errors import Invalid
from outdial.webhooks.addresses import may_be_reached
from outdial.webhooks.urls import check_url

_CLOSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254
168.63.129.16 169.254.169.254 169.254.0.1 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1
192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::8.8.8.8 100::1 2001::1 2001:0:7f00:1::
2001:db8::1 2002:7f00:1:: 2002:a00:1:: 2002:808:808:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fd12:3456::1
fe80::1 fe80::1%1 fec0::1 ff02::1 ff0e::1
"""

_OPEN = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 128.0.0.1 172.15.255.255 172.32.0.1 192.167.1.1
198.17.255.255 223.255.255.255 2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8
"""

CLOSED, OPEN = _CLOSED.split(), _OPEN.split()


@pytest.mark.parametrize("address", CLOSED)
def test_an_address_inside_a_closed_range_is_refused(address: str) -> None:
    """Private, loopback, link-local, multicast, shared, reserved, in whatever form: no."""
    assert not may_be_reached(address, allow_loopback=False)


@pytest.mark.parametrize("address", OPEN)
def test_a_public_address_is_open(address: str) -> None:
    """The addresses next to the closed ranges are the internet's."""
    assert may_be_reached(address, allow_loopback=False)


@pytest.mark.parametrize("address", CLOSED)
def test_allowing_loopback_allows_loopback_only(address: str) -> None:
    """The setting for development lets 127.0.0.0/8 and ::1 through and nothing else."""
    is_loopback = address.startswith("127.") or address == "::1"
    assert may_be_reached(address, allow_loopback=True) == is_loopback


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "//example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "http://example.com/hook",
        "https:///hook",
        "https://user:word@example.com",
        "https://user@example.com",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com/\n",
        "https://localhost/hook",
        "https://api.localhost/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://10.0.0.1/hook",
        "https://[fd00::1]/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_an_address_that_can_never_work_is_refused_with_its_field(url: str) -> None:
    """Creation names the field, so that a mistake is seen before the first event."""
    with pytest.raises(Invalid) as refused:
        check_url(url, allow_loopback=False, field="webhook_url")
    assert refused.value.field == "webhook_url"


@pytest.mark.parametrize("url", ["https://example.com", "https://example.com:8443/a?b=c", "https://8.8.8.8/"])
def test_a_public_https_address_is_kept_as_it_is(url: str) -> None:
    """What can work is not changed."""
    assert check_url(url, allow_loopback=False) == url


@pytest.mark.parametrize("url", ["http://localhost:9000/hook", "http://127.0.0.1:1/", "http://[::1]:1/"])
def test_development_may_use_http_on_this_machine(url: str) -> None:
    """Where loopback is allowed, plain http to it is too."""
    assert check_url(url, allow_loopback=True) == url
