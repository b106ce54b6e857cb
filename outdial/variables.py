"""``{{name}}`` placeholders: plain substitution of values into a text, never an expression language."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, cast

from outdial.errors import Invalid

_PLACEHOLDER = re.compile(r"\{\{([^{}\r\n]+)\}\}")


def placeholders(text: str) -> list[str]:
    """The names in ``text``, each once, in the order in which they first appear.

    Spaces beside the braces do not count; anything else between them is the name, dots included.
    """
    return list(_placeholders(text))


@lru_cache(maxsize=256)
def _placeholders(text: str) -> tuple[str, ...]:
    # Kept, because every row of a batch is asked about the same texts.
    names = (found.strip() for found in _PLACEHOLDER.findall(text))
    return tuple(dict.fromkeys(name for name in names if name))


def missing(texts: Iterable[str], variables: Mapping[str, Any]) -> list[str]:
    """The names that ``texts`` need and ``variables`` lack. Null, lists and objects can't be said."""
    needed = dict.fromkeys(name for text in texts for name in placeholders(text))
    return [name for name in needed if _spoken(name, variables) is None]


def render(text: str, variables: Mapping[str, Any]) -> str:
    """``text`` with every placeholder replaced; braces inside a value stay as they are.

    Raises Invalid where a variable is missing.
    """
    absent = missing([text], variables)
    if absent:
        raise Invalid(f"These variables are missing: {', '.join(absent)}.", field="variables")
    return _PLACEHOLDER.sub(lambda found: _replacement(found, variables), text)


def _replacement(found: re.Match[str], variables: Mapping[str, Any]) -> str:
    value = _spoken(found[1].strip(), variables)
    return found[0] if value is None else value


def _spoken(name: str, variables: Mapping[str, Any]) -> str | None:
    value = _value(name, variables)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _value(name: str, variables: Mapping[str, Any]) -> Any:
    """A key spelled exactly so, else the path through nested objects that the dots describe."""
    if name in variables:
        return variables[name]
    head, dot, rest = name.partition(".")
    inner = variables.get(head)
    return _value(rest, cast("Mapping[str, Any]", inner)) if dot and isinstance(inner, Mapping) else None
