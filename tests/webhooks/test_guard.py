"""The guarded way out."""

from collections.abc import Iterator

import httpx
import pytest

from outdial.webhooks.guard import AddressRefused, GuardedTransport
from outdial.webhooks.request import post
from tests.webhooks.certificates import certified
from tests.webhooks.receiver import Receiver, Reply, receiving

pytestmark = pytest.mark.anyio


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that says thanks."""
    with receiving() as receiver:
        yield receiver


class Answering:
    """A resolver that gives the next of its answers each time, and counts."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        return self._answers[min(len(self.asked), len(self._answers)) - 1]


async def sent(
    transport: httpx.AsyncBaseTransport, url: str, within: float = 5
) -> tuple[int | None, str | None]:
    """Status and error of one request."""
    answer = await post(transport, url, b"{}", {"content-type": "application/json"}, within=within)
    return answer.status, answer.error


async def test_a_name_that_resolves_to_loopback_is_refused(receiver: Receiver) -> None:
    """The system's resolver says 127.0.0.1 for localhost; nothing is connected to."""
    guard = GuardedTransport(allow_loopback=False)
    status, error = await sent(guard, f"http://localhost:{receiver.port}/hook")
    assert (status, receiver.received) == (None, [])
    assert error == "the address is not a public one"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
async def test_loopback_is_refused_however_it_is_written(host: str, receiver: Receiver) -> None:
    """The check is made on the resolved address, not on the text."""
    status, _ = await sent(GuardedTransport(allow_loopback=False), f"http://{host}:{receiver.port}/")
    assert (status, receiver.received) == (None, [])


async def test_a_name_with_one_closed_address_is_refused() -> None:
    """A public address beside a private one does not open the door."""
    guard = GuardedTransport(allow_loopback=False, resolver=Answering(["8.8.8.8", "10.0.0.1"]))
    with pytest.raises(AddressRefused):
        await guard.handle_async_request(httpx.Request("POST", "https://mixed.example/"))


async def test_a_name_is_resolved_once_and_the_checked_address_is_used(receiver: Receiver) -> None:
    """A resolver that changes its mind is never asked again: the connection goes to what was checked."""
    rebinding = Answering(["127.0.0.1"], ["10.0.0.1"])
    guard = GuardedTransport(allow_loopback=True, resolver=rebinding)
    status, _ = await sent(guard, f"http://rebind.example:{receiver.port}/hook")
    assert status == 200
    assert rebinding.asked == ["rebind.example"]
    assert receiver.received[0].headers["host"] == f"rebind.example:{receiver.port}"


async def test_a_name_that_turns_to_a_closed_address_is_refused_the_next_time(receiver: Receiver) -> None:
    """Each delivery is checked anew: no connection and no answer is kept between them."""
    guard = GuardedTransport(allow_loopback=True, resolver=Answering(["127.0.0.1"], ["10.0.0.1"]))
    url = f"http://rebind.example:{receiver.port}/hook"
    assert [(await sent(guard, url))[0], (await sent(guard, url))[0]] == [200, None]


async def test_the_next_address_is_tried_where_the_first_takes_no_connection(receiver: Receiver) -> None:
    """Of several addresses one that works is enough."""
    guard = GuardedTransport(allow_loopback=True, resolver=Answering(["127.0.0.99", "::1", "127.0.0.1"]))
    assert await sent(guard, f"http://several.example:{receiver.port}/") == (200, None)


async def test_a_name_that_does_not_resolve_is_a_failure_like_others() -> None:
    """No such host is an error of the try, in words."""
    status, error = await sent(GuardedTransport(allow_loopback=False), "https://nowhere.invalid/")
    assert (status, error) == (None, "the host's name does not resolve")


@pytest.mark.parametrize(
    "url", ["https://a..b/", f"https://{'a' * 70}.example/", "https://example.com:99999/"]
)
async def test_an_address_that_no_resolver_takes_is_a_failure_like_others(url: str) -> None:
    """Whatever is wrong with an address never raises out of a try."""
    status, error = await sent(GuardedTransport(allow_loopback=False), url)
    assert status is None
    assert error


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    """A 302 is an answer like any other that is not 2xx; where it points is never asked."""
    with receiving(Reply(302, {"location": receiver.url})) as redirecting:
        status, _ = await sent(GuardedTransport(allow_loopback=True), redirecting.url)
    assert (status, receiver.received) == (302, [])


async def test_tls_proves_the_name_and_not_the_address() -> None:
    """The certificate is checked for the host's name, although the connection goes to an address."""
    server, client, names = certified("hooks.example")
    with receiving(tls=server) as receiver:
        guard = GuardedTransport(allow_loopback=True, resolver=Answering(["127.0.0.1"]), tls=client)
        assert await sent(guard, f"https://hooks.example:{receiver.port}/") == (200, None)
        assert names == ["hooks.example"]
        assert receiver.received[0].headers["host"] == f"hooks.example:{receiver.port}"


async def test_a_certificate_for_another_name_is_refused() -> None:
    """A name that shares an address with another gets nothing that its own certificate does not cover."""
    server, client, _ = certified("hooks.example")
    with receiving(tls=server) as receiver:
        guard = GuardedTransport(allow_loopback=True, resolver=Answering(["127.0.0.1"]), tls=client)
        await sent(guard, f"https://hooks.example:{receiver.port}/")
        status, error = await sent(guard, f"https://other.example:{receiver.port}/")
    assert status is None
    assert error is not None
    assert "other.example" in error


async def test_an_unknown_authority_is_refused() -> None:
    """By default only certificates of known authorities count."""
    server, _, _ = certified("hooks.example")
    with receiving(tls=server) as receiver:
        guard = GuardedTransport(allow_loopback=True, resolver=Answering(["127.0.0.1"]))
        status, _ = await sent(guard, f"https://hooks.example:{receiver.port}/")
    assert status is None


async def test_the_proxy_of_the_environment_is_not_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would resolve the name again, out of our sight."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert await sent(GuardedTransport(allow_loopback=True), receiver.url) == (200, None)
