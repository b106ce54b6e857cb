"""Forms: a field that the route does not know is refused."""

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel


async def _refuse_unknown_fields(request: Request) -> None:
    known = _fields(request.scope["route"])
    unknown = [name for name in await request.form() if name not in known]
    if unknown:
        told = {"type": "extra_forbidden", "msg": "There is no such field."}
        raise RequestValidationError([{**told, "loc": ("body", name)} for name in unknown])


def _fields(route: object) -> set[str]:
    assert isinstance(route, APIRoute), "a form is sent to a route"
    assert route.body_field is not None, "whoever refuses a form's fields has some"
    form = route.body_field.field_info.annotation
    assert isinstance(form, type), "a form's fields are gathered in a model"
    assert issubclass(form, BaseModel), "a form's fields are gathered in a model"
    return {field.alias or name for name, field in form.model_fields.items()}


# For a route with a form: a misspelt ``schedule_at`` must not call somebody now.
KNOWN_FIELDS_ONLY = [Depends(_refuse_unknown_fields)]
