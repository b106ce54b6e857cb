"""The do-not-call list over HTTP."""

import time
from typing import Any

import pytest

from tests.api.serving import NUMBER, Api


def test_a_number_is_listed_and_taken_off(api: Api) -> None:
    """What was put on the list is found, blocks calls, and can be removed."""
    entry = _add(api, number=NUMBER, source="letter", note="asked by post")
    assert api.client.get("/v1/do-not-call", params={"number": NUMBER}).json()["data"] == [entry]
    assert api.refused()["code"] == "do_not_call"
    assert api.client.delete(f"/v1/do-not-call/{entry['id']}").status_code == 204
    assert api.client.get("/v1/do-not-call").json()["data"] == []
    assert api.place()


def test_a_number_is_on_the_list_once(api: Api) -> None:
    """Putting it there again keeps the entry, for the longer of both times."""
    soon = int(time.time()) + 3600
    first = _add(api, number=NUMBER, expires_at=soon)
    second = _add(api, number=NUMBER)
    assert second["id"] == first["id"]
    assert second["expires_at"] is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"number": "555"}, "number"),
        ({"number": NUMBER, "source": ""}, "source"),
        ({"number": NUMBER, "expires_at": 1_714_000_000}, "expires_at"),
        ({"number": NUMBER, "until": "tomorrow"}, "until"),
    ],
)
def test_a_wrong_entry_is_refused(refusing: Api, given: dict[str, Any], field: str) -> None:
    """The field at fault is named."""
    response = refusing.client.post("/v1/do-not-call", json=given)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, field)


def _add(api: Api, **given: Any) -> dict[str, Any]:
    response = api.client.post("/v1/do-not-call", json=given)
    assert response.status_code == 201, response.text
    return response.json()
