"""A real HTTP receiver on loopback: keeps what it got, answers what it was told to."""

import ssl
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Reply:
    """What to answer. ``drip``: seconds between the body's bytes, which never end."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b"thanks"
    delay: float = 0
    drip: float = 0


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    def verified_by(self, secret: str) -> Any:
        """The payload, if the published library accepts the signature. Raises WebhookVerificationError."""
        return Webhook(secret).verify(self.body, self.headers)


class Receiver:
    """Answers the ``replies`` in turn, then the last one for ever."""

    def __init__(self, *replies: Reply, tls: ssl.SSLContext | None = None) -> None:
        self.replies = list(replies) or [Reply()]
        self.received: list[Received] = []
        self.written = 0
        self._server = _Server(self)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"

    def reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def run(self) -> Callable[[], None]:
        """Serve in a thread; answers with how to stop."""
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self.stop

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def receiving(*replies: Reply, tls: ssl.SSLContext | None = None) -> Generator[Receiver]:
    """A receiver at work until the block ends."""
    receiver = Receiver(*replies, tls=tls)
    stop = receiver.run()
    try:
        yield receiver
    finally:
        stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.receiver = receiver


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            return  # the sender died halfway: nothing was received
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._receiver.received.append(Received(self.path, headers, body))
        self._answer(self._receiver.reply())

    def do_GET(self) -> None:
        self.do_POST()

    @property
    def _receiver(self) -> Receiver:
        assert isinstance(self.server, _Server)
        return self.server.receiver

    def _answer(self, reply: Reply) -> None:
        time.sleep(reply.delay)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if not reply.drip:
            self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        try:
            self._write(reply)
        except OSError:
            return  # the sender has heard enough

    def _write(self, reply: Reply) -> None:
        while reply.drip:
            self.wfile.write(b".")
            time.sleep(reply.drip)
        for start in range(0, len(reply.body), 65_536):
            self._receiver.written += self.wfile.write(reply.body[start : start + 65_536])

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's own name)
        return
