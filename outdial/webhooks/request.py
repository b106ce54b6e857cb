"""One HTTP request to a webhook's address, bounded in time and in what it reads back."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import anyio
import httpx

READ_AT_MOST = 64 * 1024
KEEP_AT_MOST = 2 * 1024
# Leaves time for a second address of the same name.
CONNECT_WITHIN = 10.0


@dataclass
class Answer:
    """What came back. Without a ``status`` nobody answered, and ``error`` says why."""

    status: int | None = None
    body: str | None = None
    error: str | None = None
    retry_after: str | None = None
    duration_ms: int = 0

    @property
    def accepted(self) -> bool:
        """Whether the receiver has taken the event."""
        return self.status is not None and 200 <= self.status < 300


async def post(
    transport: httpx.AsyncBaseTransport, url: str, body: bytes, headers: Mapping[str, str], *, within: float
) -> Answer:
    """Post once. ``within`` (seconds) holds for everything together, from the name to the last byte read.

    Never raises for what a receiver does; a status that came counts even if its body never ends.
    """
    answer, started = Answer(), time.monotonic()
    try:
        with anyio.fail_after(within):
            await _exchange(transport, _request(url, body, headers, within), answer)
    except TimeoutError:
        answer.error = f"no complete answer within {within:g} s"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        answer.error = str(error) or type(error).__name__
    answer.duration_ms = round((time.monotonic() - started) * 1000)
    return answer


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """How long a Retry-After header asks to wait: seconds or a date (RFC 9110); None if it can't be read."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value[:10])
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())


def _request(url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> httpx.Request:
    limits = {"connect": min(CONNECT_WITHIN, seconds), "read": seconds, "write": seconds, "pool": seconds}
    # Compressed answers are not asked for: a small one may unpack to a huge one.
    return httpx.Request(
        "POST",
        url,
        content=body,
        headers={**headers, "accept-encoding": "identity"},
        extensions={"timeout": limits},
    )


async def _exchange(transport: httpx.AsyncBaseTransport, request: httpx.Request, answer: Answer) -> None:
    response = await transport.handle_async_request(request)
    answer.status = response.status_code
    answer.retry_after = response.headers.get("retry-after")
    try:
        await _read(response, answer)
    finally:
        await response.aclose()


async def _read(response: httpx.Response, answer: Answer) -> None:
    kept, read = b"", 0
    async for part in response.aiter_raw():
        kept = (kept + part)[:KEEP_AT_MOST]
        answer.body = _text(kept)
        read += len(part)
        if read >= READ_AT_MOST:
            return


def _text(body: bytes) -> str:
    # PostgreSQL stores no NUL in a text.
    return body.decode("utf-8", errors="replace").replace("\0", "\ufffd")
