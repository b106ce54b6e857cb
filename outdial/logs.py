"""Logs: JSON lines or a terminal's lines, with phone numbers masked and secrets never in clear."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, cast

import structlog
from opentelemetry import trace
from structlog.typing import EventDict, Processor, WrappedLogger

from outdial import numbers

HIDDEN = "•••"

# With the separators that people write; %2B is the plus of an address.
_NUMBER = re.compile(r"(?:\+|%2B)[1-9][\d ().-]{5,18}\d", re.IGNORECASE)
_SECRET = re.compile(r"\b(od_(?:live|test)_|whsec_|sk-|gAAAA|Bearer\s+)[\w.~+/=-]+", re.IGNORECASE)
_SECRET_NAME = re.compile(r"authorization|password|secret|token|api_?key|cookie", re.IGNORECASE)


def set_up(*, as_json: bool, level: str) -> None:
    """Send every log of the process, the libraries' too, through one masked format to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_trace,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide,
    ]
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(shared, renderer))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        # uvicorn brings handlers of its own, which know no masks.
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"


def hide(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask phone numbers and take secrets out of everything that is about to be written."""
    # uvicorn says everything twice, the second time with the terminal's colours.
    return {name: _hidden(name, value) for name, value in event.items() if name != "color_message"}


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The trace that the line belongs to, where traces are on."""
    now = trace.get_current_span().get_span_context()
    return {**event, "trace_id": trace.format_trace_id(now.trace_id)} if now.is_valid else event


def _formatter(shared: list[Processor], renderer: Processor) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
        processors=[*shared, structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def _hidden(name: str, value: Any) -> Any:
    if name.startswith("_"):  # structlog's own references to the record
        return value
    if _SECRET_NAME.search(name) and value is not None:
        return HIDDEN
    if isinstance(value, str):
        return _hidden_text(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {key: _hidden(str(key), inner) for key, inner in items}
    if isinstance(value, list | tuple | set):
        return [_hidden("item", inner) for inner in cast("list[Any]", value)]
    return value if isinstance(value, int | float | None) else _hidden_text(str(value))


def _hidden_text(text: str) -> str:
    return _NUMBER.sub(_masked, _SECRET.sub(rf"\1{HIDDEN}", text))


def _masked(found: re.Match[str]) -> str:
    return numbers.mask("+" + re.sub(r"\D", "", found[0].lower().removeprefix("%2b")))
