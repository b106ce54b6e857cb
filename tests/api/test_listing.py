"""Listing calls: pages and filters."""

from datetime import timedelta
from typing import Any

import pytest

from outdial.models.base import utc_now
from outdial.vocabulary import CallStatus
from tests.api.serving import Api


def test_pages_cover_everything_once_newest_first(api: Api) -> None:
    """Following the cursor meets every call once, also where several were created at the same instant."""
    placed = [api.place()["id"] for _ in range(7)]
    instant = utc_now()
    for call in placed[2:5]:
        api.change({"id": call}, created_at=instant)
    pages = _pages(api, limit=2)
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert sorted(call for page in pages for call in page) == sorted(placed)
    everything = [call for page in pages for call in page]
    assert everything == _listed(api, limit=200)


def test_a_call_placed_meanwhile_does_not_move_the_pages(api: Api) -> None:
    """The next page goes on where the last one ended."""
    placed = [api.place()["id"] for _ in range(4)]
    first = api.client.get("/v1/calls", params={"limit": 2}).json()
    api.place()
    second = api.client.get("/v1/calls", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [call["id"] for call in [*first["data"], *second["data"]]] == placed[::-1]
    assert second["next_cursor"] is None


def test_filters_narrow_together(api: Api) -> None:
    """Status, outcome, number, agent and time each leave out what does not match."""
    wanted, other = api.place(), api.place(recipient_phone="+12025550124")
    api.change(wanted, status=CallStatus.COMPLETED, outcome="BOOKED")
    api.change(other, created_at=utc_now() - timedelta(days=2))
    yesterday = (utc_now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for filters in (
        {"status": "completed"},
        {"outcome": "BOOKED"},
        {"number": "+12025550123"},
        {"created_from": yesterday},
        {"status": "completed", "outcome": "BOOKED", "agent_id": api.agent.id},
    ):
        assert _listed(api, **filters) == [wanted["id"]], filters
    assert _listed(api, created_to=yesterday) == [other["id"]]
    assert _listed(api, status="completed", number="+12025550124") == []


def test_a_plus_that_was_not_encoded_is_understood(lite: Api) -> None:
    """In a query a bare plus arrives as a space; the number is found all the same."""
    call = lite.place()
    found = lite.client.get("/v1/calls?number=+12025550123").json()["data"]
    assert [one["id"] for one in found] == [call["id"]]


def test_metadata_is_a_filter(api: Api) -> None:
    """Texts, numbers and booleans are found by their key and value, whatever the key looks like."""
    cases: list[tuple[str, Any, str]] = [
        ("plan", "gold", "gold"),
        ("Läufer nr. 1", "₹2,500", "₹2,500"),
        ('a "quoted" key', "it's", "it's"),
        ("$.path[0]", "x", "x"),
        ("count", 5, "5"),
        ("written count", "5", "5"),
        ("rate", 1.5, "1.5"),
        ("paid", True, "true"),
        ("written paid", "true", "true"),
        ("big", "99999999999999999999", "99999999999999999999"),
        ("of two\nlines", "x", "x"),
    ]
    placed = [api.place(metadata={key: value})["id"] for key, value, _ in cases]
    api.place(metadata={**{key: "something else" for key, _, _ in cases}, "other": "gold"})
    found = [_listed(api, **{f"metadata[{key}]": asked}) for key, _, asked in cases]
    assert found == [[call] for call in placed]


def test_metadata_filters_narrow_together(api: Api) -> None:
    """Of two metadata filters both must match."""
    wanted = api.place(metadata={"a": "1", "b": "2"})
    api.place(metadata={"a": "1", "b": "3"})
    assert _listed(api, **{"metadata[a]": "1", "metadata[b]": "2"}) == [wanted["id"]]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "9" * 40}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "MjAyNi0wMS0wMSBjYWxsXzE="}, "cursor"),
        ({"cursor": "ÿ"}, "cursor"),
        ({"status": "ringing"}, "status"),
        ({"number": "12025550123"}, "number"),
        ({"created_from": "yesterday"}, "created_from"),
        ({"created_from": "0001-01-01T00:00:00Z"}, "created_from"),
        ({f"metadata[{n}]": "x" for n in range(11)}, "metadata"),
    ],
)
def test_a_wrong_filter_is_named(refusing: Api, params: dict[str, str], field: str) -> None:
    """What can't be a filter is refused with its name."""
    response = refusing.client.get("/v1/calls", params=params)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, field)


def _listed(api: Api, **params: Any) -> list[str]:
    response = api.client.get("/v1/calls", params=params)
    assert response.status_code == 200, response.text
    return [call["id"] for call in response.json()["data"]]


def _pages(api: Api, limit: int) -> list[list[str]]:
    pages: list[list[str]] = []
    cursor = None
    while not pages or cursor:
        params = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        page = api.client.get("/v1/calls", params=params).json()
        pages.append([call["id"] for call in page["data"]])
        cursor = page["next_cursor"]
    return pages


def test_a_misspelt_filter_does_not_list_everything(lite: Api) -> None:
    """It is refused, with the filters that there are."""
    answer = lite.client.get("/v1/calls", params={"state": "failed"})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "state"
    assert (
        "agent_id, created_from, created_to, cursor, limit, metadata[key], number, outcome, status"
        in error["message"]
    )


@pytest.mark.parametrize("asked", ["metadata", "metadata[]", "metadata[team", "meta[team]"])
def test_a_filter_on_metadata_needs_its_key_in_brackets(lite: Api, asked: str) -> None:
    """Anything else is no filter, and is told what one looks like."""
    answer = lite.client.get("/v1/calls", params={asked: "north"})
    assert answer.status_code == 422
    assert "metadata[key]" in answer.json()["errors"][0]["message"]


def test_only_calls_are_filtered_by_metadata(lite: Api) -> None:
    """A list that does not know the filter refuses it, too."""
    assert lite.client.get("/v1/agents", params={"metadata[team]": "north"}).status_code == 422
