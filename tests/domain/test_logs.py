"""What logs may show."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from outdial import logs


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process that logs JSON writes."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.set_up(as_json=True, level="info")
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.contextvars.clear_contextvars()


def test_numbers_are_masked_wherever_they_stand(written: io.StringIO) -> None:
    """In messages, values, nested values, addresses, and with the separators that people write."""
    log = structlog.get_logger("test")
    log.info(
        "calling +919876543210",
        number="+12025550123",
        nested={"people": ["+44 20 7946 0958"]},
        path="/v1/calls?number=%2B12025550124",
    )
    text = written.getvalue()
    for digits in ("9876543210", "2025550123", "7946 0958", "2025550124"):
        assert digits not in text
    assert "+91•••••••210" in text


def test_secrets_are_hidden_by_name_and_by_look(written: io.StringIO) -> None:
    """Neither a field that is named like a secret nor a text that looks like one is written."""
    log = structlog.get_logger("test")
    log.info("with Bearer abc.def-123", secret="hunter2", authorization="x", key="od_live_abcdefgh123")
    log.info("webhook", value="whsec_c2VjcmV0")
    text = written.getvalue()
    for secret in ("abc.def", "hunter2", "abcdefgh123", "c2VjcmV0"):
        assert secret not in text


def test_a_libraries_logs_are_masked_too(written: io.StringIO) -> None:
    """What uvicorn or the Temporal client log goes the same way."""
    logging.getLogger("uvicorn.error").warning("to %s", "+12025550123")
    assert _lines(written)[0]["event"] == "to +1•••••••123"


def test_an_exceptions_text_is_masked(written: io.StringIO) -> None:
    """A traceback may quote what it failed on."""
    try:
        raise ValueError("no such person: +12025550123")
    except ValueError:
        structlog.get_logger("test").exception("failed")
    assert "2025550123" not in written.getvalue()
    assert "no such person" in _lines(written)[0]["exception"]


def test_every_line_has_the_request_and_the_call(written: io.StringIO) -> None:
    """What is bound for a request is on each of its lines."""
    structlog.contextvars.bind_contextvars(request_id="req_1", call_id="call_1")
    logging.getLogger("some.library").info("hello")
    line = _lines(written)[0]
    assert (line["request_id"], line["call_id"], line["level"]) == ("req_1", "call_1", "info")


def test_times_and_ids_are_left_alone(written: io.StringIO) -> None:
    """Not everything with digits is a phone number."""
    structlog.get_logger("test").info(
        "at", time="2026-01-01T10:00:00+00:00", call="call_01k9x2m4v6b8", n=12025550123
    )
    line = _lines(written)[0]
    assert (line["time"], line["call"]) == ("2026-01-01T10:00:00+00:00", "call_01k9x2m4v6b8")


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]
