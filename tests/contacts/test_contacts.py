"""Contacts over the API: created or merged, found, changed; consent; variables in calls."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from outdial.models import Call
from tests.api.serving import Api, client_of
from tests.build import an_agent

NUMBER = "+14155550142"


def create(api: Api, **given: Any) -> dict[str, Any]:
    """A contact, as it was answered."""
    response = api.client.post("/v1/contacts", json={"number": NUMBER, **given})
    assert response.is_success, response.text
    return response.json()


def refused(response: httpx.Response) -> tuple[int, str | None]:
    """Status and field of a refusal."""
    errors = response.json()["errors"]
    return response.status_code, errors[0]["field"] if errors else None


def found(api: Api, **query: str) -> list[str]:
    """The first names that a search finds, newest first."""
    return [contact["first_name"] for contact in api.client.get("/v1/contacts", params=query).json()["data"]]


def test_a_contact_is_created(api: Api) -> None:
    """The number is kept as E.164 and the timezone follows from it; the id says what it is."""
    contact = create(api, number="(415) 555-0142", first_name="Ada", custom={"plan": "gold"})
    assert contact["id"].startswith("ctc_")
    assert (contact["number"], contact["timezone"]) == (NUMBER, "America/Los_Angeles")
    assert (contact["first_name"], contact["custom"], contact["last_name"]) == ("Ada", {"plan": "gold"}, None)
    assert api.client.get(f"/v1/contacts/{contact['id']}").json() == contact


def test_the_same_number_is_merged(api: Api) -> None:
    """200 instead of 201: given fields are taken over, others stay, custom fields go together."""
    first = create(api, first_name="Ada", last_name="Byron", custom={"plan": "gold", "seats": 2})
    again = {
        "number": "+1-415-555-0142",
        "last_name": "Lovelace",
        "custom": {"plan": "silver", "seats": None},
    }
    response = api.client.post("/v1/contacts", json=again)
    merged = response.json()
    assert (response.status_code, merged["id"]) == (200, first["id"])
    assert (merged["first_name"], merged["last_name"]) == ("Ada", "Lovelace")
    assert merged["custom"] == {"plan": "silver"}
    assert len(api.client.get("/v1/contacts").json()["data"]) == 1


def test_requests_at_once_make_one_contact(api: Api) -> None:
    """Eight requests for one number: one creates, seven merge."""

    def ask(number: int) -> httpx.Response:
        key = str(api.client.headers["Authorization"]).removeprefix("Bearer ")
        with client_of(api.url, key) as client:
            return client.post("/v1/contacts", json={"number": NUMBER, "custom": {f"k{number}": number}})

    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(ask, range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_contacts_of_accounts_are_apart(lite: Api) -> None:
    """The same number is another contact elsewhere, and cannot be seen."""
    mine = create(lite)["id"]
    stranger = lite.stranger()
    assert stranger.post("/v1/contacts", json={"number": NUMBER}).status_code == 201
    for path in ("", "/export", "/consents"):
        assert stranger.get(f"/v1/contacts/{mine}{path}").status_code == 404
    assert stranger.delete(f"/v1/contacts/{mine}").status_code == 404


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"number": "12"}, "number"),
        ({"number": "Ada"}, "number"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"email": "ada"}, "email"),
        ({"first_name": "A" * 201}, "first_name"),
        ({"custom": {f"k{n}": n for n in range(51)}}, "custom"),
        ({"custom": {"k": "v" * 17_000}}, "custom"),
        ({"custom": "gold"}, "custom"),
        ({"consent": {"kind": "telepathy", "source": "dream"}}, "consent.kind"),
        (
            {"consent": {"kind": "oral", "source": "call", "given_at": "2199-01-01T00:00:00Z"}},
            "consent.given_at",
        ),
        ({"name": "Ada"}, "name"),
    ],
)
def test_a_wrong_field_is_named(refusing: Api, given: dict[str, Any], field: str) -> None:
    """What can't be accepted is refused with its field."""
    response = refusing.client.post("/v1/contacts", json={"number": NUMBER, **given})
    assert refused(response) == (422, field)


def test_contacts_are_searched_by_words(api: Api) -> None:
    """Every word must be somewhere: in names, phonetic names, email or number; case does not count."""
    create(api, number="+14155550143", first_name="Ada", last_name="Lovelace", email="ada@example.com")
    create(api, number="+14155550144", first_name="花子", last_name="山田", phonetic_last_name="やまだ")
    create(api, number="+14155550145", first_name="100%", last_name="Love_lace")
    assert found(api, q="lovelace ADA") == ["Ada"]
    assert found(api, q="山田") == found(api, q="やまだ") == ["花子"]
    assert found(api, q="@example") == ["Ada"]
    assert found(api, q="0144") == ["花子"]
    assert (found(api, q="%"), found(api, q="love_")) == (["100%"], ["100%"])
    assert found(api, q="nobody") == []
    assert found(api, number="+14155550143") == ["Ada"]


def test_japanese_names_are_found_however_they_were_typed(api: Api) -> None:
    """The voicing mark by itself or within its character, in the name and in the search."""
    apart, within = unicodedata.normalize("NFD", "ガタロウ"), "ガタロウ"
    create(api, number="+14155550143", first_name="A", phonetic_first_name=apart)
    create(api, number="+14155550144", first_name="B", phonetic_first_name=within)
    assert sorted(found(api, q=apart)) == sorted(found(api, q=within)) == ["A", "B"]


def test_contacts_are_listed_by_pages(api: Api) -> None:
    """Newest first."""
    ids = [create(api, number=f"+1415555015{n}")["id"] for n in range(3)]
    first = api.client.get("/v1/contacts", params={"limit": 2}).json()
    rest = api.client.get("/v1/contacts", params={"cursor": first["next_cursor"]}).json()
    assert [contact["id"] for contact in first["data"] + rest["data"]] == ids[::-1]


def test_a_contact_is_changed(lite: Api) -> None:
    """Given fields only; null empties a field, and the number's place shows again."""
    contact = create(lite, first_name="Ada", timezone="Asia/Tokyo", custom={"a": 1})
    change = {"first_name": None, "timezone": None, "number": "+44 20 7946 0958", "custom": {"b": 2}}
    changed = lite.client.patch(f"/v1/contacts/{contact['id']}", json=change).json()
    assert (changed["first_name"], changed["number"], changed["timezone"]) == (
        None,
        "+442079460958",
        "Europe/London",
    )
    assert changed["custom"] == {"a": 1, "b": 2}


def test_a_number_that_another_contact_has_is_refused(lite: Api) -> None:
    """409 names the other contact."""
    other, contact = create(lite), create(lite, number="+14155550143")
    response = lite.client.patch(f"/v1/contacts/{contact['id']}", json={"number": NUMBER})
    assert refused(response) == (409, "number")
    assert other["id"] in response.json()["detail"]


def test_consent_is_kept_with_its_evidence(api: Api) -> None:
    """Kind, source and time; revoked ones stay in the list."""
    given = {"kind": "written", "source": "web form", "given_at": "2026-01-02T03:04:05Z"}
    contact = create(api, consent=given)
    assert contact["consented"]
    assert {name: contact["consent"][name] for name in ("kind", "source")} == {
        "kind": "written",
        "source": "web form",
    }
    path = f"/v1/contacts/{contact['id']}/consents"
    revoked = api.client.post(f"{path}/revoke").json()
    assert (revoked["consented"], revoked["consent"]["revoked_at"] is None) == (False, False)
    assert api.client.post(path, json={"kind": "oral", "source": "call"}).status_code == 201
    assert [(one["kind"], one["revoked_at"] is None) for one in api.client.get(path).json()["data"]] == [
        ("oral", True),
        ("written", False),
    ]
    assert api.client.get(f"/v1/contacts/{contact['id']}").json()["consent"]["kind"] == "oral"


def test_every_prompt_sees_the_contacts_fields(lite: Api) -> None:
    """A call by number alone finds its contact: the agent's variables need not be sent."""
    custom = {"plan": "gold", "seats": {"paid": 3}}
    contact = create(
        lite, first_name="Ada", phonetic_last_name="ラブレス", email="ada@example.com", custom=custom
    )
    prompt = "{{first_name}} {{phonetic_last_name}} {{email}} {{custom.plan}} {{custom.seats.paid}}"
    with lite.database.write() as session:
        agent = an_agent(session, lite.account, system_prompt=prompt)
    call = lite.place(agent_id=agent.id, recipient_phone=NUMBER, variables={})
    assert call["contact_id"] == contact["id"]
    assert call["variables"]["custom"] == custom


def test_variables_of_the_call_come_before_the_contacts(lite: Api) -> None:
    """What is sent with a call is meant for that call."""
    create(lite, first_name="Ada")
    assert lite.place(recipient_phone=NUMBER, variables={"first_name": "Countess"})["variables"] == {
        "first_name": "Countess"
    }


def test_a_field_that_is_not_known_is_missing(lite: Api) -> None:
    """An empty field can't be said, so the call is refused with its name."""
    create(lite, last_name="Lovelace")
    assert "first_name" in lite.refused(recipient_phone=NUMBER, variables={})["detail"]


def test_a_call_keeps_what_the_contact_was_when_it_was_placed(lite: Api) -> None:
    """A later change of the contact shows in later calls."""
    contact = create(lite, first_name="Ada")
    call = lite.place(recipient_phone=NUMBER, variables={})
    lite.client.patch(f"/v1/contacts/{contact['id']}", json={"first_name": "Augusta"})
    with lite.database.read() as session:
        assert session.get_one(Call, call["id"]).variables == {"first_name": "Ada"}


def test_native_calls_need_consent_too_where_it_is_required(lite: Api) -> None:
    """A number without a contact has given none."""
    lite.client.patch("/v1/account", json={"consent_required": True})
    assert lite.refused(recipient_phone=NUMBER)["code"] == "consent_missing"
    create(lite, first_name="Ada", consent={"kind": "oral", "source": "counter"})
    assert lite.place(recipient_phone=NUMBER)
