"""Query parameters: one that the route does not know is refused, or a misspelt filter would list everything."""

from collections.abc import Iterator
from typing import Any

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute


def keyed_parameter(name: str, description: str) -> dict[str, Any]:
    """What a route gives as ``openapi_extra`` to take ``name[key]=value`` for keys of the client's choice."""
    schema = {"type": "object", "additionalProperties": {"type": "string"}}
    parameter = {"name": name, "in": "query", "style": "deepObject", "explode": True}
    return {"parameters": [{**parameter, "description": description, "schema": schema}]}


def keyed_values(request: Request, name: str) -> dict[str, str]:
    """The values of ``name[key]=value`` by their keys; of several for one key the last."""
    keys = ((_split(asked), value) for asked, value in request.query_params.multi_items())
    return {key: value for (base, key), value in keys if base == name and key}


def _split(asked: str) -> tuple[str, str]:
    """The parameter's name and its key; without a key where it has none."""
    base, bracket, rest = asked.partition("[")
    return (base, rest[:-1]) if bracket and rest.endswith("]") else (asked, "")


def _refuse_unknown_parameters(request: Request) -> None:
    if not request.url.query:
        return
    route: APIRoute = request.scope["route"]
    known, keyed = set(_asked_by(route.dependant)), set(_keyed(route))
    unknown = [name for name in request.query_params if name not in known and not _is_keyed(name, keyed)]
    if unknown:
        names = sorted([*known, *(f"{name}[key]" for name in keyed)])
        expected = f"Known here: {', '.join(names)}." if names else "There are none here."
        told = {"type": "extra_forbidden", "msg": f"There is no such parameter. {expected}"}
        raise RequestValidationError([{**told, "loc": ("query", name)} for name in unknown])


def _asked_by(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for below in dependant.dependencies:
        yield from _asked_by(below)


def _is_keyed(asked: str, keyed: set[str]) -> bool:
    name, key = _split(asked)
    return name in keyed and key != ""


def _keyed(route: APIRoute) -> Iterator[str]:
    for parameter in (route.openapi_extra or {}).get("parameters", []):
        if parameter.get("style") == "deepObject":
            yield parameter["name"]


KNOWN_PARAMETERS_ONLY = [Depends(_refuse_unknown_parameters)]
