"""The OpenAPI document and its page at /docs, whose script and style come from this server."""

from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from api.errors import MEDIA_TYPE, Problem

_ASSETS = "/docs/assets"
_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_METHODS = {"get", "post", "put", "patch", "delete"}

_Document = dict[str, Any]


def install(app: FastAPI) -> None:
    """Serve /docs without any other host, and describe failures as they are answered."""
    app.mount(_ASSETS, StaticFiles(directory=str(files("fastapi_offline") / "static")), name="docs-assets")
    app.add_api_route("/docs", lambda: _page(app.title), include_in_schema=False, response_class=HTMLResponse)
    generate = app.openapi

    def openapi() -> _Document:
        if app.openapi_schema is None:
            app.openapi_schema = _with_problems(generate())
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


def _with_problems(document: _Document) -> _Document:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas: _Document = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(schema.pop("$defs"))
    schemas["Problem"] = schema
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, operations in document["paths"].items():
        for method in _METHODS & operations.keys():
            _describe(path, operations[method])
    return document


def _describe(path: str, operation: _Document) -> None:
    responses: _Document = operation["responses"]
    declared = {status for status in responses if status.startswith(("4", "5"))}
    if "security" in operation:
        declared |= {"401", "503"}
    if "{" in path:
        declared.add("404")
    for status in sorted(declared):
        description = responses.get(status, {}).get("description") or _DESCRIPTIONS[status]
        responses[status] = {"description": description, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}


_DESCRIPTIONS = {
    "401": "No key, or one that is unknown or revoked.",
    "404": "There is no such thing, or it belongs to another account.",
    "503": "A part that is needed does not answer; try again later.",
}
