"""Agents over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.serving import Api

AGENT: dict[str, Any] = {
    "name": "Reminder",
    "system_prompt": "You call {{name}}.",
    "opening_line": "Hello {{name}}.",
    "outcomes": [{"name": "PROMISED", "meaning": "They will pay."}],
}


def test_an_agent_is_created_and_read(api: Api) -> None:
    """What was given is shown, with defaults for the rest."""
    created = _create(api, voice="nova", fields=[{"name": "pays_on", "type": "date"}])
    assert api.client.get(f"/v1/agents/{created['id']}").json() == created
    assert {**created, **AGENT} == created
    assert (created["version"], created["language"], created["model"]) == (1, "en-US", "scripted")
    assert created["fields"][0]["type"] == "date"


def test_a_change_makes_a_version(api: Api) -> None:
    """A changed definition is a new version; the old one stays listed."""
    agent = _create(api)
    changed = _patch(api, agent, opening_line="Good day {{name}}.")
    versions = api.client.get(f"/v1/agents/{agent['id']}/versions").json()["data"]
    assert changed["version"] == 2
    assert [one["version"] for one in versions] == [2, 1]
    assert [one["opening_line"] for one in versions] == ["Good day {{name}}.", "Hello {{name}}."]


def test_what_changes_nothing_makes_no_version(api: Api) -> None:
    """The same definition again, or another name, leaves the version as it is."""
    agent = _create(api)
    _patch(api, agent, opening_line=agent["opening_line"])
    renamed = _patch(api, agent, name="Gentle reminder")
    assert (renamed["version"], renamed["name"]) == (1, "Gentle reminder")


def test_an_optional_field_can_be_taken_away(lite: Api) -> None:
    """Null removes what may be absent."""
    agent = _create(lite, voice="nova")
    assert _patch(lite, agent, voice=None)["voice"] is None


def test_concurrent_changes_make_one_version_each(api: Api) -> None:
    """Nobody's change is lost or collides."""
    agent = _create(api)
    with ThreadPoolExecutor(8) as threads:
        changes = [threads.submit(_patch, api, agent, voice=f"voice {n}") for n in range(8)]
        assert all(change.result() for change in changes)
    versions = api.client.get(f"/v1/agents/{agent['id']}/versions").json()["data"]
    assert [one["version"] for one in versions] == list(range(9, 0, -1))


def test_an_archived_agent_is_listed_on_request_and_unchangeable(api: Api) -> None:
    """Archiving hides the agent, twice is as once, and it can't be changed any more."""
    agent = _create(api)
    address = f"/v1/agents/{agent['id']}"
    first = api.client.post(f"{address}/archive").json()
    assert api.client.post(f"{address}/archive").json() == first
    assert agent["id"] not in _listed(api, "")
    assert agent["id"] in _listed(api, "?archived=true")
    assert api.client.patch(address, json={"voice": "nova"}).status_code == 409


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"system_prompt": ""}, "system_prompt"),
        ({"opening_line": "x" * 2_001}, "opening_line"),
        ({"language": "english please"}, "language"),
        ({"outcomes": []}, "outcomes"),
        ({"outcomes": [{"name": "booked", "meaning": "x"}]}, "outcomes.0.name"),
        ({"outcomes": AGENT["outcomes"] * 2}, "outcomes"),
        ({"fields": [{"name": "a"}, {"name": "a"}]}, "fields"),
        ({"on_voicemail": "leave_message"}, "voicemail_message"),
        ({"model": "gpt"}, "model"),
        ({"model": "nobody:gpt"}, "model"),
        ({"languages": ["Spanish please"]}, "languages.0"),
        ({"sounds": {"terms": "http://example.com/terms.mp3"}}, "sounds.terms"),
        ({"temperature": 1}, "temperature"),
    ],
)
def test_a_wrong_definition_is_refused(refusing: Api, given: dict[str, Any], field: str) -> None:
    """The field at fault is named, at creation and at a change alike."""
    created = refusing.client.post("/v1/agents", json={**AGENT, **given})
    changed = refusing.client.patch(f"/v1/agents/{refusing.agent.id}", json=given)
    for response in (created, changed):
        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize("field", ["system_prompt", "outcomes", "on_voicemail"])
def test_a_required_field_can_not_be_taken_away(refusing: Api, field: str) -> None:
    """Null is refused where something is needed."""
    response = refusing.client.patch(f"/v1/agents/{refusing.agent.id}", json={field: None})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, field)


def _create(api: Api, **given: Any) -> dict[str, Any]:
    response = api.client.post("/v1/agents", json={**AGENT, **given})
    assert response.status_code == 201, response.text
    return response.json()


def _patch(api: Api, agent: dict[str, Any], **given: Any) -> dict[str, Any]:
    response = api.client.patch(f"/v1/agents/{agent['id']}", json=given)
    assert response.status_code == 200, response.text
    return response.json()


def _listed(api: Api, query: str) -> list[str]:
    return [agent["id"] for agent in api.client.get(f"/v1/agents{query}").json()["data"]]
