"""The way out: resolves a name once, refuses it where an address is closed, connects to the checked one."""

import socket
import ssl
from collections.abc import Awaitable, Callable

import anyio.to_thread
import httpx

from outdial.webhooks.addresses import may_be_reached

Resolver = Callable[[str], Awaitable[list[str]]]

# Names are resolved in threads of their own: slow ones must not take those that the database works in.
_RESOLVING_AT_ONCE = 16


class AddressRefused(httpx.ConnectError):
    """The name leads where webhooks may not go. Where exactly is not told: it may be our own network."""

    def __init__(self) -> None:
        super().__init__("the address is not a public one")


class GuardedTransport(httpx.AsyncBaseTransport):
    """An HTTP transport that goes to public addresses only (and to loopback, where that is allowed).

    The name is put aside once it is resolved: the request goes to the very address that was checked, with the
    name in ``Host`` and in TLS. Used without a client, it follows no redirect, keeps no cookie and asks no
    proxy.
    """

    def __init__(
        self, *, allow_loopback: bool, resolver: Resolver | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._allow_loopback = allow_loopback
        self._resolve = resolver or Names()
        # A kept connection would be shared by names at one address, of which TLS has proven only the first.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._inner = httpx.AsyncHTTPTransport(
            verify=tls or ssl.create_default_context(), trust_env=False, limits=limits
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send to the first address that takes a connection. Raises AddressRefused, or what httpx raises."""
        addresses = await self._checked(request.url.raw_host.decode("ascii"))
        for address in addresses[:-1]:
            try:
                return await self._send(request, address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._send(request, addresses[-1])

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _checked(self, host: str) -> list[str]:
        addresses = await self._resolve(host)
        if not addresses or not all(
            may_be_reached(address, allow_loopback=self._allow_loopback) for address in addresses
        ):
            raise AddressRefused
        return addresses

    async def _send(self, request: httpx.Request, address: str) -> httpx.Response:
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.raw_host.decode("ascii")},
        )
        return await self._inner.handle_async_request(pinned)


class Names:
    """The system's own resolver, off the event loop."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(_RESOLVING_AT_ONCE)

    async def __call__(self, host: str) -> list[str]:
        """The addresses of a name, in the system's order. Raises httpx.ConnectError where there are none."""
        return await anyio.to_thread.run_sync(_look_up, host, limiter=self._limiter, abandon_on_cancel=True)


def _look_up(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise httpx.ConnectError("the host's name does not resolve") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
