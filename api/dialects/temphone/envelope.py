"""The envelope of every answer of this dialect, failures included."""

from http import HTTPStatus
from typing import Generic, Literal, TypeVar

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from api.errors import Failure

TIME_EXPECTED = "Field 'scheduled_at' must be a valid ISO-8601 timestamp in the future."
UNAUTHORIZED = "Unauthorized."
UNABLE = "Unable to schedule call at this time. Please retry."

Data = TypeVar("Data")


class Success(BaseModel, Generic[Data]):
    """An answer."""

    status: Literal["success"] = "success"
    message: str = Field(examples=["AI outbound call scheduled successfully."])
    data: Data


class TemPhoneError(BaseModel):
    """A refused request."""

    status: Literal["error"]
    message: str = Field(description="A sentence for a person.", examples=[TIME_EXPECTED])
    data: None


def render(_request: Request, failure: Failure) -> Response:
    """A failure in the envelope. What is wrong with a field is 400 here, never 422."""
    wrong = failure.status == HTTPStatus.UNPROCESSABLE_ENTITY
    status = HTTPStatus.BAD_REQUEST if wrong else failure.status
    error = TemPhoneError(status="error", message=_message(failure), data=None)
    return JSONResponse(error.model_dump(), status)


def _message(failure: Failure) -> str:
    if failure.status == HTTPStatus.UNAUTHORIZED:
        return UNAUTHORIZED
    if failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UNABLE
    if failure.status != HTTPStatus.UNPROCESSABLE_ENTITY or not failure.errors:
        return failure.detail
    first = failure.errors[0]
    name = first.field or "body"
    if name == "scheduled_at" and first.code != "too_far":
        return TIME_EXPECTED
    if first.code == "missing":
        return f"Field '{name}' is required."
    if first.code == "extra_forbidden":
        return f"Field '{name}' is not known."
    return f"Field '{name}' is not accepted: {first.message}"
