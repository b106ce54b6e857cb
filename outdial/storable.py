"""What may go into the database: JSON texts can hold things that no database keeps."""

import json
import math
import unicodedata
from collections.abc import Iterator
from typing import Any, cast

from outdial.errors import Invalid

MAX_DEPTH = 32


def check_storable(data: Any, *, field: str | None = None) -> None:
    """Raises Invalid for NUL, lone surrogates, NaN and Infinity, and for nesting deeper than MAX_DEPTH."""
    for value, depth in _walk(data):
        if depth > MAX_DEPTH:
            raise Invalid(f"This is nested deeper than {MAX_DEPTH} levels.", field=field)
        if isinstance(value, float) and not math.isfinite(value):
            raise Invalid("NaN and Infinity are not numbers of JSON.", field=field)
        if isinstance(value, str) and not _is_text(value):
            raise Invalid("A text contains NUL or half of a surrogate pair.", field=field)


def check_size(data: dict[str, Any], *, keys: int, kilobytes: int, field: str) -> None:
    """Raises Invalid for more than so many keys, or so many kilobytes as JSON in UTF-8."""
    if len(data) > keys:
        raise Invalid(f"Expected at most {keys} keys, found {len(data)}.", field=field)
    if len(json.dumps(data, ensure_ascii=False).encode()) > kilobytes * 1024:
        raise Invalid(f"Expected at most {kilobytes} KiB of JSON.", field=field)


def composed(text: str) -> str:
    """Characters in one form: some systems send か and its voicing mark apart, and が is to be found by either."""
    return unicodedata.normalize("NFC", text)


def _walk(data: Any) -> Iterator[tuple[Any, int]]:
    # Without recursion: deep nesting must be refused, not crashed on.
    waiting: list[tuple[Any, int]] = [(data, 0)]
    while waiting:
        value, depth = waiting.pop()
        yield value, depth
        waiting += ((inner, depth + 1) for inner in _inside(value))


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [one for pair in cast("dict[Any, Any]", value).items() for one in pair]
    return cast("list[Any]", value) if isinstance(value, list) else []


def _is_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
