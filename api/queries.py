"""Query parameters: one that the route does not know is refused, or a misspelt filter would list everything."""

from collections.abc import Iterator

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError

# Filters on a client's own metadata have names of its choice; their route reads them itself.
_OPEN = "metadata["


def _refuse_unknown_parameters(request: Request) -> None:
    if not request.url.query:
        return
    known = set(_asked_by(request.scope["route"].dependant))
    unknown = [name for name in request.query_params if name not in known and not name.startswith(_OPEN)]
    if unknown:
        expected = f"Known here: {', '.join(sorted(known))}." if known else "There are none here."
        told = {"type": "extra_forbidden", "msg": f"There is no such parameter. {expected}"}
        raise RequestValidationError([{**told, "loc": ("query", name)} for name in unknown])


def _asked_by(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for below in dependant.dependencies:
        yield from _asked_by(below)


KNOWN_PARAMETERS_ONLY = [Depends(_refuse_unknown_parameters)]
