"""Where a body stops being JSON, in words that help: a comma too many is named as such."""

import json


def fault_in(body: object) -> str:
    """What is wrong with a body that is not JSON, and where."""
    if not isinstance(body, str | bytes):
        return "It can't be read."
    try:
        json.loads(body)
    except json.JSONDecodeError as error:
        return _described(error)
    except (ValueError, RecursionError):
        return "It is not UTF-8, or nested too deep."
    return "It can't be read."


def _described(error: json.JSONDecodeError) -> str:
    comma = _trailing_comma(error)
    if comma is None:
        return f"{error.msg} at line {error.lineno}, column {error.colno}."
    line = error.doc.count("\n", 0, comma) + 1
    column = comma - error.doc.rfind("\n", 0, comma)
    return f"There is a comma before a closing bracket at line {line}, column {column}: remove it."


def _trailing_comma(error: json.JSONDecodeError) -> int | None:
    """The place of a comma that only a closing bracket follows, None where that is not what is wrong."""
    before, after = error.doc[: error.pos].rstrip(), error.doc[error.pos :].lstrip()
    if before.endswith(",") and after[:1] in ("}", "]"):
        return len(before) - 1
    # From Python 3.13 on the error is where the comma is.
    if after.startswith(",") and after[1:].lstrip()[:1] in ("}", "]"):
        return error.doc.index(",", error.pos)
    return None
