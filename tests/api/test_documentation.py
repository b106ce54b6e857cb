"""The OpenAPI document and its page."""

import re
from typing import Any

from tests.api.serving import Api

# They answer failures in shapes of their own.
DIALECTS = {"TemPhone", "Revmo", "Mico", "Movoice"}


def test_the_page_loads_from_this_server_only(refusing: Api) -> None:
    """Script and style of /docs are served here; no other host is named."""
    page = refusing.client.get("/docs").text
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert assets
    assert all(asset.startswith("/") for asset in assets)
    assert all(refusing.client.get(asset).status_code == 200 for asset in assets)
    assert "https://" not in page


def test_every_failure_is_described_as_a_problem(refusing: Api) -> None:
    """Declared failures have the problem's schema or their dialect's, and routes with a key declare 401 and 503."""
    for operation in _operations(refusing):
        failures = {code: said for code, said in operation["responses"].items() if code[0] in "45"}
        shape = (
            "application/json" if DIALECTS & set(operation.get("tags", ())) else "application/problem+json"
        )
        assert all(said["content"].keys() == {shape} for said in failures.values())
        if "security" in operation:
            assert {"401", "503"} <= failures.keys()


def test_the_document_has_no_dead_references(refusing: Api) -> None:
    """Every schema that is referred to is there."""
    text = refusing.client.get("/openapi.json").text
    schemas = refusing.client.get("/openapi.json").json()["components"]["schemas"]
    assert set(re.findall(r'"#/components/schemas/(.+?)"', text)) <= schemas.keys()


def test_names_of_operations_are_unique(refusing: Api) -> None:
    """Generated clients need a name for each operation."""
    names = [operation["operationId"] for operation in _operations(refusing)]
    assert len(names) == len(set(names))


def test_the_example_of_a_call_is_shown(refusing: Api) -> None:
    """The document has the example that people start from."""
    schemas = refusing.client.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["CallCreate"]["examples"][0]["variables"]["amount_due"] == "₹2,500"


def _operations(api: Api) -> list[dict[str, Any]]:
    paths = api.client.get("/openapi.json").json()["paths"]
    return [operation for operations in paths.values() for operation in operations.values()]
