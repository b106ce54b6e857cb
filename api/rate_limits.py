"""Rate limits: so many requests of one key in a moving window, told in headers, and 429 beyond."""

import math
import time

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from outdial.errors import Invalid, RateLimited
from outdial.settings import Settings

_HEADERS = "rate_limit_headers"


class RateLimits:
    """Counts requests by key. Raises Invalid where the settings can't be understood."""

    def __init__(self, settings: Settings) -> None:
        self._limit = _read(settings.rate_limit)
        self._limiter = MovingWindowRateLimiter(storage_from_string(settings.rate_limit_storage))

    def count(self, request: Request, key_id: str) -> None:
        """One more request of this key. Raises RateLimited where it is one too many."""
        if self._limit is None:
            return
        allowed = self._limiter.hit(self._limit, key_id)
        stats = self._limiter.get_window_stats(self._limit, key_id)
        reset = max(1, math.ceil(stats.reset_time - time.time()))
        setattr(request.state, _HEADERS, _told(self._limit, max(0, stats.remaining), reset))
        if not allowed:
            message = f"Too many requests with this key: the limit is {self._limit}. Try again in {reset} s."
            raise RateLimited(message, retry_after=reset)


class RateLimitHeaders:
    """ASGI middleware: tells a key how much it has left, on every answer to a request that was counted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; anything but HTTP passes through."""

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(scope.get("state", {}).get(_HEADERS, {}))
            await send(message)

        await self._app(scope, receive, tell if scope["type"] == "http" else send)


def _read(limit: str) -> RateLimitItem | None:
    try:
        return parse(limit) if limit else None
    except ValueError:
        raise Invalid(
            f"OUTDIAL_RATE_LIMIT is {limit!r}; expected something like 100/second.", field="rate_limit"
        ) from None


def _told(limit: RateLimitItem, remaining: int, reset: int) -> dict[str, str]:
    """The fields of draft-ietf-httpapi-ratelimit-headers, and those of its earlier versions, which most read."""
    return {
        "RateLimit-Policy": f'"key";q={limit.amount};w={limit.get_expiry()}',
        "RateLimit": f'"key";r={remaining};t={reset}',
        "RateLimit-Limit": str(limit.amount),
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": str(reset),
    }
