"""Shedding load: what is too much at once is refused at once, so that neither waiting nor memory grows."""

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Failure, respond
from outdial.carriers.twilio.addresses import PREFIX

# Whoever watches must not be turned away, nor a carrier, which may not say it again.
_ALWAYS = ("/healthz", "/readyz", "/metrics", PREFIX)
_REFUSED = Failure(503, "overloaded", "Too many requests are being answered. Try again shortly.")


class LoadLimit:
    """ASGI middleware: at most ``limit`` requests at once; more get 503 with `Retry-After`.

    A request counts until all is done for it, also what is done after its answer. A stream of events that has begun
    counts no more, for it lasts as long as somebody looks at a page.
    """

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; anything but HTTP passes through."""
        if scope["type"] != "http" or scope["path"].startswith(_ALWAYS):
            await self._app(scope, receive, send)
        elif self._now >= self._limit:
            await respond(Request(scope), _REFUSED)(scope, receive, send)
        else:
            await self._handle(scope, receive, send)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._now += 1
        counted = True

        def count_no_more() -> None:
            nonlocal counted
            self._now -= counted
            counted = False

        async def watch(message: Message) -> None:
            if _begins_stream(message):
                count_no_more()
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            count_no_more()


def _begins_stream(message: Message) -> bool:
    return message["type"] == "http.response.start" and any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in message.get("headers", [])
    )
