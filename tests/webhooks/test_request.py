"""One request, bounded in time and size."""

import time
from datetime import UTC, datetime

import pytest

from outdial.webhooks.guard import GuardedTransport
from outdial.webhooks.request import KEEP_AT_MOST, Answer, post, retry_after_seconds
from tests.webhooks.receiver import Reply, receiving

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def answer_to(url: str, within: float = 5) -> Answer:
    return await post(GuardedTransport(allow_loopback=True), url, b"{}", {"a": "b"}, within=within)


@pytest.mark.anyio
async def test_status_body_and_duration_are_told() -> None:
    """An ordinary answer is kept with how long it took."""
    with receiving(Reply(201, body=b"ok", delay=0.05)) as receiver:
        answer = await answer_to(receiver.url)
    assert (answer.status, answer.body, answer.error) == (201, "ok", None)
    assert 50 <= answer.duration_ms < 2000


@pytest.mark.anyio
async def test_a_receiver_that_never_answers_is_left() -> None:
    """The time for one try holds for all of it."""
    started = time.monotonic()
    with receiving(Reply(delay=5)) as receiver:
        answer = await answer_to(receiver.url, within=0.3)
    assert (answer.status, answer.error) == (None, "no complete answer within 0.3 s")
    assert time.monotonic() - started < 2


@pytest.mark.anyio
async def test_a_body_that_drips_for_ever_is_left_and_its_status_counts() -> None:
    """Each byte comes in time, all of them never: the limit is on the whole."""
    started = time.monotonic()
    with receiving(Reply(200, drip=0.05)) as receiver:
        answer = await answer_to(receiver.url, within=0.5)
    assert answer.accepted
    assert answer.body is not None
    assert set(answer.body) == {"."}
    assert time.monotonic() - started < 2


@pytest.mark.anyio
async def test_of_a_huge_body_the_beginning_is_read() -> None:
    """Fifty megabytes are not taken in; 2 KiB are kept."""
    with receiving(Reply(200, body=b"x" * 50_000_000)) as receiver:
        answer = await answer_to(receiver.url)
        assert answer.body == "x" * KEEP_AT_MOST
        assert receiver.written < 20_000_000


@pytest.mark.anyio
async def test_a_compressed_body_is_not_unpacked() -> None:
    """No compression is asked for; if it comes all the same, it stays packed."""
    with receiving(Reply(200, {"content-encoding": "gzip"}, b"\x1f\x8b not really")) as receiver:
        answer = await answer_to(receiver.url)
    assert answer.body is not None
    assert answer.body.endswith(" not really")
    assert receiver.received[0].headers["accept-encoding"] == "identity"


@pytest.mark.anyio
async def test_a_body_that_is_no_text_can_be_stored() -> None:
    """Neither NUL nor broken UTF-8 reaches the database."""
    with receiving(Reply(200, body=b"a\x00\xff")) as receiver:
        answer = await answer_to(receiver.url)
    assert answer.body == "a\ufffd\ufffd"


@pytest.mark.anyio
async def test_nobody_there_is_an_answer_too() -> None:
    """A refused connection is told, not raised."""
    with receiving() as receiver:
        pass
    answer = await answer_to(receiver.url)
    assert answer.status is None
    assert answer.error


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("9" * 400, 9_999_999_999),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    """Both of the header's forms are understood, and nonsense is no form."""
    assert retry_after_seconds(header, NOW) == seconds
