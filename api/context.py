"""What surrounds every request: its id, its log line, security headers, the answer to unexpected errors."""

import re
import time
from typing import Any
from urllib.parse import unquote_to_bytes

import structlog
from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from ulid import ULID

from api.errors import Failure, respond, unexpected
from api.metrics import count_request

REQUEST_ID = "X-Request-Id"
_USABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_QUIET = {"/healthz", "/readyz", "/metrics"}

# Pages may load nothing from elsewhere; the API documentation's own page has scripts in line.
_PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"
)
_SECURITY_HEADERS = {
    "Content-Security-Policy": _PAGE_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_log = structlog.get_logger("api")


class RequestContext:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; anything but HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        request.state.request_id = _request_id(request)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.state.request_id)
        answer = _Answer(send, request.state.request_id)
        await self._handle(request, receive, answer)
        count_request(scope, answer.status, answer.seconds)
        _log_request(request, answer)

    async def _handle(self, request: Request, receive: Receive, answer: "_Answer") -> None:
        if _has_nul(request.scope):
            refusal = Failure(400, "malformed", "The address contains a NUL character.")
            await respond(request, refusal)(request.scope, receive, answer.send)
            return
        try:
            await self._app(request.scope, receive, answer.send)
        except Exception:
            _log.exception("request.crashed", method=request.method, path=request.url.path)
            if answer.status is None:
                await respond(request, unexpected())(request.scope, receive, answer.send)


class _Answer:
    """Adds the headers of every answer, and remembers its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._headers = {REQUEST_ID: request_id, **_SECURITY_HEADERS}
        self._began = time.perf_counter()
        self.status: int | None = None
        # Until the answer's last byte; what is done after it is not waited for.
        self.seconds = 0.0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        self.seconds = time.perf_counter() - self._began
        await self._send(message)


def _request_id(request: Request) -> str:
    given = request.headers.get(REQUEST_ID, "")
    return given if _USABLE_ID.fullmatch(given) else f"req_{str(ULID()).lower()}"


def _has_nul(scope: Scope) -> bool:
    # PostgreSQL has no such character in its texts, so no address that needs one names anything.
    query: bytes = scope.get("query_string", b"")
    return "\0" in scope["path"] or b"\0" in unquote_to_bytes(query)


def _log_request(request: Request, answer: _Answer) -> None:
    said: dict[str, Any] = {"method": request.method, "path": request.url.path, "status": answer.status}
    named = {name: value for name, value in request.path_params.items() if name.endswith("_id")}
    write = _log.debug if request.url.path in _QUIET else _log.info
    write("request", **said, **named, ms=round(answer.seconds * 1000, 1))
