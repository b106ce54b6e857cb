"""How this dialect says no: a result, a sentence, a code, and the fields at fault."""

from typing import Literal

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from api.errors import Failure, FieldError


class RevmoError(BaseModel):
    """A refused request."""

    result: Literal["Error"]
    message: str = Field(description="A sentence for a person.")
    code: str = Field(description="Stable; for programs.", examples=["unknown_trigger"])
    errors: list[FieldError]


def render(_request: Request, failure: Failure) -> Response:
    """A failure in this shape."""
    error = RevmoError(result="Error", message=failure.detail, code=failure.code, errors=failure.errors)
    return JSONResponse(error.model_dump(), failure.status)
