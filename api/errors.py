"""Errors as others see them: RFC 9457 problem details, or a dialect's own shape below its prefix."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException as StarletteHTTPException

from api.malformed import fault_in
from outdial import errors
from outdial.errors import OutdialError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5

_log = structlog.get_logger(__name__)

_STATUS: dict[type[OutdialError], HTTPStatus] = {
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.LimitReached: HTTPStatus.FORBIDDEN,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unauthorized: HTTPStatus.UNAUTHORIZED,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_HEADERS: dict[int, dict[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": str(RETRY_AFTER_SECONDS)},
}
_CODES: dict[int, tuple[str, str]] = {
    HTTPStatus.BAD_REQUEST: ("malformed", "The request could not be read."),
    HTTPStatus.NOT_FOUND: ("not_found", "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", "This address does not answer to this method."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("too_large", "The request body is too large."),
}


# Where the library's own words name our classes.
_MESSAGES = {"model_type": "Expected an object.", "model_attributes_type": "Expected an object."}


class FieldError(BaseModel):
    """One thing that is wrong with one field of a request."""

    field: str | None = Field(description="The path of the field, with dots.", examples=["recipient_phone"])
    code: str = Field(examples=["invalid"])
    message: str = Field(examples=["Expected a number in E.164 form, for example +919876543210."])


class Problem(BaseModel):
    """What went wrong, in the form of RFC 9457."""

    type: str = Field(examples=["urn:outdial:problem:invalid"])
    title: str = Field(examples=["Unprocessable Entity"])
    status: int = Field(examples=[422])
    code: str = Field(description="Stable; for programs.", examples=["invalid"])
    detail: str = Field(description="A sentence for a person.")
    request_id: str | None = Field(None, description="Quote it when asking about this answer.")
    errors: list[FieldError] = Field(default_factory=list[FieldError])


@dataclass(frozen=True)
class Failure:
    """A refused request, before a renderer gives it a shape."""

    status: int
    code: str
    detail: str
    errors: list[FieldError] = field(default_factory=list[FieldError])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Renderer = Callable[[Request, Failure], Response]


def install(app: FastAPI) -> None:
    """Answer every failure of this application in the documented shape."""
    app.state.error_renderers = {}
    app.state.error_models = {}
    app.add_exception_handler(OutdialError, _on_outdial_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(StarletteHTTPException, _on_http_error)
    app.add_exception_handler(IntegrityError, _on_collision)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(kind, _on_database_error)


def use_renderer(app: FastAPI, prefix: str, renderer: Renderer, model: type[BaseModel] | None = None) -> None:
    """Give the failures of every address below ``prefix`` another shape; the longest prefix decides.

    ``model`` is that shape as the API's documentation shows it.
    """
    app.state.error_renderers[prefix] = renderer
    if model is not None:
        app.state.error_models[prefix] = model


def respond(request: Request, failure: Failure) -> Response:
    """The answer to a failed request, in the shape of the address that was asked."""
    renderers: dict[str, Renderer] = request.app.state.error_renderers
    fitting = [prefix for prefix in renderers if request.url.path.startswith(prefix)]
    renderer = renderers[max(fitting, key=len)] if fitting else problem_response
    response = renderer(request, failure)
    response.headers.update({**_HEADERS.get(failure.status, {}), **failure.headers})
    return response


def problem_response(request: Request, failure: Failure) -> Response:
    """The native shape."""
    problem = Problem(
        type=f"urn:outdial:problem:{failure.code}",
        title=HTTPStatus(failure.status).phrase,
        status=failure.status,
        code=failure.code,
        detail=failure.detail,
        request_id=getattr(request.state, "request_id", None),
        errors=failure.errors,
    )
    return JSONResponse(problem.model_dump(), failure.status, media_type=MEDIA_TYPE)


def unexpected() -> Failure:
    """What the outside world is told of a fault of ours."""
    return Failure(500, "internal", "Something went wrong here. It has been logged under the request id.")


@contextmanager
def renamed_fields(names: Mapping[str, str]) -> Generator[None]:
    """Let errors name a field as the request called it, where that differs from the domain's name."""
    try:
        yield
    except OutdialError as error:
        error.field = names.get(error.field or "", error.field)
        raise


def _on_outdial_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OutdialError)
    status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
    named = [FieldError(field=error.field, code=error.code, message=error.message)] if error.field else []
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, errors.RateLimited) else {}
    return respond(request, Failure(status, error.code, error.message, named, headers))


def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        fault = FieldError(field="body", code="malformed", message=fault_in(error.body))
        return respond(
            request, Failure(400, "malformed", f"The body is not valid JSON. {fault.message}", [fault])
        )
    if _has_wrong_media_type(request, found):
        return respond(request, Failure(415, "unsupported_media_type", "Send the body as application/json."))
    return respond(request, invalid_fields([_field_error(one) for one in found]))


def invalid_fields(wrong: list[FieldError]) -> Failure:
    """The failure for fields that are not what was expected."""
    named = [f"{one.field}: {one.message}" if one.field else one.message for one in wrong]
    return Failure(422, "invalid", " ".join(named), wrong)


def _has_wrong_media_type(request: Request, found: Any) -> bool:
    is_json = "json" in request.headers.get("content-type", "")
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    return has_body and not is_json and any(one["loc"] == ("body",) for one in found)


def _field_error(found: Mapping[str, Any]) -> FieldError:
    path = [str(part) for part in found["loc"]][1:]
    if found["type"] == "missing":
        message = "This field is required." if path else "A request body is required."
    else:
        message = _MESSAGES.get(found["type"], str(found["msg"]).removeprefix("Value error, "))
    code = "invalid" if found["type"] == "value_error" else str(found["type"])
    return FieldError(field=".".join(path) or None, code=code, message=message)


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException | HTTPException)
    status = error.status_code
    code, detail = _CODES.get(status, (HTTPStatus(status).name.lower(), str(error.detail)))
    return respond(request, Failure(status, code, detail, headers=dict(error.headers or {})))


def _on_database_error(request: Request, error: Exception) -> Response:
    _log.error("database.unavailable", exc_info=error)
    return respond(request, Failure(503, "unavailable", "The database does not answer. Try again shortly."))


def _on_collision(request: Request, error: Exception) -> Response:
    # Two requests wrote what may be there once, and the other one was first.
    _log.warning("database.collision", exc_info=error)
    return respond(request, Failure(409, "conflict", "Another request changed this meanwhile. Try again."))


def field_errors_of(error: ValidationError) -> list[FieldError]:
    """The same for a model that was validated by hand, outside the framework."""
    return [_field_error({**one, "loc": ("body", *one["loc"])}) for one in error.errors()]
