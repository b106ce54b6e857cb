"""The OpenAPI document and its page at /docs, whose script and style come from this server."""

from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from api.errors import MEDIA_TYPE, Problem

_ASSETS = "/docs/assets"
_SCHEMAS = "#/components/schemas/"
_METHODS = {"get", "post", "put", "patch", "delete"}

_Document = dict[str, Any]


def install(app: FastAPI) -> None:
    """Serve /docs without any other host, and describe failures as they are answered."""
    app.mount(_ASSETS, StaticFiles(directory=str(files("fastapi_offline") / "static")), name="docs-assets")
    app.add_api_route("/docs", lambda: _page(app.title), include_in_schema=False, response_class=HTMLResponse)
    generate = app.openapi

    def openapi() -> _Document:
        if app.openapi_schema is None:
            app.openapi_schema = _with_failures(generate(), app.state.error_models)
        return app.openapi_schema

    app.openapi = openapi


def _page(title: str) -> HTMLResponse:
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=title,
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{_ASSETS}/favicon.png",
    )


def _with_failures(document: _Document, dialects: dict[str, type[BaseModel]]) -> _Document:
    schemas: _Document = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (Problem, *dialects.values()):
        schema = model.model_json_schema(ref_template=f"{_SCHEMAS}{{model}}")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, operations in document["paths"].items():
        spoken = [dialects[prefix] for prefix in sorted(dialects, key=len) if path.startswith(prefix)]
        for method in _METHODS & operations.keys():
            _describe(path, operations[method], spoken[-1] if spoken else Problem)
    return document


def _describe(path: str, operation: _Document, model: type[BaseModel]) -> None:
    responses: _Document = operation["responses"]
    declared = {status for status in responses if status.startswith(("4", "5"))}
    if "security" in operation:
        declared |= {"400", "401", "429", "503"}
    if "requestBody" in operation:
        declared |= {"413", "415"}
    if "{" in path:
        declared.add("404")
    media_type = MEDIA_TYPE if model is Problem else "application/json"
    content = {media_type: {"schema": {"$ref": f"{_SCHEMAS}{model.__name__}"}}}
    for status in sorted(declared):
        description = responses.get(status, {}).get("description") or _DESCRIPTIONS[status]
        responses[status] = {"description": description, "content": content}


_DESCRIPTIONS = {
    "400": "The request can't be read.",
    "401": "No key, or one that is unknown or revoked.",
    "403": "The key may not do this.",
    "404": "There is no such thing, or it belongs to another account.",
    "413": "The body is too large.",
    "415": "The body is not sent as application/json.",
    "422": "A field is not what is expected.",
    "429": "The key asks too often; `Retry-After` says when to ask again.",
    "503": "A part that is needed does not answer; try again later.",
}
