"""A webhook receiver on this machine, as a customer would run one: it verifies each signature."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


@dataclass(frozen=True)
class Received:
    """One delivery: its event, the call it tells of, and whether its signature was right."""

    event: str
    call_id: str
    verified: bool


class Receiver(ThreadingHTTPServer):
    """Takes deliveries at ``url``; knows the endpoint's ``secret`` once it has been created."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/webhooks"
        self.secret = ""
        self.received: list[Received] = []

    def take(self, body: bytes, headers: dict[str, str]) -> bool:
        """Note a delivery; whether it was signed with our secret."""
        verified = self._verifies(body, headers)
        told: dict[str, Any] = json.loads(body)
        self.received.append(Received(str(told.get("event_type")), str(told.get("call_id")), verified))
        return verified

    def _verifies(self, body: bytes, headers: dict[str, str]) -> bool:
        try:
            Webhook(self.secret).verify(body, headers)
        except WebhookVerificationError:
            return False
        return True


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        verified = self.server.take(body, {name.lower(): value for name, value in self.headers.items()})
        self.send_response(204 if verified else 401)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the terminal is the demo's."""


@contextmanager
def receiving() -> Generator[Receiver]:
    """A receiver that listens within the block."""
    receiver = Receiver()
    thread = Thread(target=receiver.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.shutdown()
        receiver.server_close()
        thread.join()
