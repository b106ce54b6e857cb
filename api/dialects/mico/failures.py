"""Failures in this dialect's shape, which is that of the guide's bulk failures: a reason, and details by field."""

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from api.errors import Failure, FieldError

INVALID_NUMBER = "Invalid phone number format"
INVALID_FORMAT = "Invalid format"
MISSING = "Missing required fields"
INVALID_FIELDS = "Invalid fields"
NUMBER = "phone_number"


class MicoError(BaseModel):
    """A refused request."""

    reason: str = Field(description="A sentence for a person.", examples=[INVALID_NUMBER])
    details: dict[str, str] = Field(
        description="What is wrong with which field.", examples=[{NUMBER: INVALID_FORMAT}]
    )
    code: str = Field(description="Stable; for programs.", examples=["invalid"])
    request_id: str | None = Field(description="Quote it when asking about this answer.")


def render(request: Request, failure: Failure) -> Response:
    """A failure of any kind."""
    reason, details = explained(failure.errors) if failure.errors else (failure.detail, {})
    if failure.code == "malformed":
        reason = failure.detail
    error = MicoError(
        reason=reason,
        details=details,
        code=failure.code,
        request_id=getattr(request.state, "request_id", None),
    )
    return JSONResponse(error.model_dump(), failure.status)


def explained(wrong: list[FieldError]) -> tuple[str, dict[str, str]]:
    """The reason for a refusal, and its details, from what is wrong with the fields."""
    details = {one.field or "body": one.message for one in wrong}
    if len(wrong) == 1 and wrong[0].field == NUMBER and wrong[0].code == "invalid":
        return INVALID_NUMBER, {NUMBER: INVALID_FORMAT}
    if len(wrong) == 1:
        return (MISSING if wrong[0].code == "missing" else wrong[0].message), details
    only_missing = all(one.code == "missing" for one in wrong)
    return (MISSING if only_missing else INVALID_FIELDS), details
