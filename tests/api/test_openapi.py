"""The whole API, fuzzed by its own OpenAPI document: never a 5xx, and every answer is what the document says."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks  # pyright: ignore[reportUnknownVariableType]

from api.app import create_app
from outdial.agents.factory import validate_model
from outdial.models import Campaign
from outdial.settings import Settings
from tests.api.serving import Api, an_api
from tests.databases import MakeDatabase

CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
# Streams that end when their subject does.
ENDLESS = ("/events",)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The API's own description: made when a test asks, for it takes seconds."""
    with TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder)))
        app.state.database.close()
        return app.openapi()


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> list[Any]:
    """What it offers. Typed loosely: the library's own types name what a schema was made with."""
    schema: Any = schemathesis.openapi.from_dict(document)
    every = [result.ok() for result in schema.get_all_operations()]
    return [operation for operation in every if not operation.path.endswith(ENDLESS)]


@pytest.fixture(scope="module")
def fuzzed(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Api, dict[str, str]]]:
    """The application, and ids of things that there are, by the names of path parameters."""
    folder = tmp_path_factory.mktemp("fuzzed")
    given = Settings(data=folder / "data", rate_limit="", webhook_allow_loopback=True)
    validate_model("openai:any")  # the libraries for models take seconds to import, once
    with make_database(folder) as database, an_api(given, database) as served:
        yield served, known_ids(served)


def known_ids(api: Api) -> dict[str, str]:
    """One of each kind."""
    call = api.place()["id"]
    contact = api.client.post("/v1/contacts", json={"number": "+14155550142", "first_name": "Ada"}).json()[
        "id"
    ]
    hook = api.client.post("/v1/webhooks", json={"url": "https://example.com/"}).json()["id"]
    key = api.client.post("/v1/keys", json={"name": "spare"}).json()["id"]
    with api.database.write() as session:
        campaign = Campaign(account_id=api.account.id, name="Fuzz")
        session.add(campaign)
    ids = {"call_id": call, "external_id": call, "agent_id": api.agent.id, "contact_id": contact}
    return ids | {"webhook_id": hook, "key_id": key, "campaign_id": campaign.id}


def fuzz_each(
    operations: list[Any], fuzzed: tuple[Api, dict[str, str]], subtests: pytest.Subtests, *, examples: int
) -> None:
    """Each operation is judged by itself."""
    for operation in operations:
        with subtests.test(f"{operation.method.upper()} {operation.path}"):
            fuzz(operation, fuzzed, examples)


def fuzz(operation: Any, fuzzed: tuple[Api, dict[str, str]], examples: int) -> None:
    """Send what the document allows, half of it to things that there are."""
    api, known = fuzzed
    load_all_checks()
    checks = cast("Any", CHECKS).get_by_names(CHECKED)
    key = str(api.client.headers["Authorization"])

    @given(case=operation.as_strategy(), existing=st.booleans())
    @settings(
        max_examples=examples,
        deadline=timedelta(seconds=20),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        phases=[Phase.explicit, Phase.generate],
        derandomize=True,
        database=None,
    )
    def send(case: Any, existing: bool) -> None:
        if existing:
            drawn: dict[str, Any] = case.path_parameters or {}
            case.path_parameters = {name: known.get(name, value) for name, value in drawn.items()}
        response = case.call(base_url=api.url, headers={"Authorization": key}, timeout=60)
        case.validate_response(response, checks=checks)

    send()


def test_every_operation_answers_as_documented(
    operations: list[Any], fuzzed: tuple[Api, dict[str, str]], subtests: pytest.Subtests
) -> None:
    """A few requests each."""
    fuzz_each(operations, fuzzed, subtests, examples=4)


@pytest.mark.slow
def test_every_operation_answers_as_documented_in_depth(
    operations: list[Any], fuzzed: tuple[Api, dict[str, str]], subtests: pytest.Subtests
) -> None:
    """Many more."""
    fuzz_each(operations, fuzzed, subtests, examples=60)


def test_every_route_of_the_api_is_documented(document: dict[str, Any]) -> None:
    """What begins with /v1 or /api is in the document."""
    paths = {path for path in document["paths"] if path.startswith(("/v1/", "/api/"))}
    assert {"/v1/call", "/v1/calls/scheduled", "/v1/makecall/", "/v1/contacts"} <= paths
