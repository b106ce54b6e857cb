"""A person is exported and erased: what is left of their calls tells nothing of them."""

import json
from typing import Any

from sqlalchemy import Integer, text

from outdial.models import (
    Attempt,
    AttemptState,
    Call,
    CallStatus,
    DeliveryState,
    DoNotCall,
    SimulatedDial,
    Speaker,
    Turn,
)
from outdial.models.base import utc_now
from tests.api.serving import Api

NUMBER = "+14155550142"
SECRETS = (NUMBER, "Lovelace", "ada@example.com", "allergic")


def a_person_who_was_called(api: Api) -> tuple[str, list[str]]:
    """The ids of a contact, and of two calls: one since it is a contact, one before."""
    before = api.place(recipient_phone=NUMBER)["id"]
    body = {"number": NUMBER, "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com"}
    consent = {"kind": "written", "source": "Lovelace's letter"}
    contact = api.client.post("/v1/contacts", json={**body, "consent": consent}).json()["id"]
    order = api.order(
        recipient_phone=NUMBER, metadata={"who": "Lovelace"}, webhook_url="https://example.com/"
    )
    since = api.client.post("/v1/call", json=order, headers={"Idempotency-Key": "k"}).json()["id"]
    return contact, [before, since]


def let_talk(api: Api, call_id: str) -> None:
    """The call ended with a conversation."""
    now = utc_now()
    with api.database.write() as session:
        attempt = Attempt(
            account_id=api.account.id,
            call_id=call_id,
            number=1,
            dial_key=f"{call_id}:1",
            carrier="simulated",
            state=AttemptState.ENDED,
            intended_at=now,
            ended_at=now,
        )
        session.add(attempt)
        session.flush()
        said = "This is Lovelace. I am allergic."
        turn = Turn(
            account_id=api.account.id,
            attempt_id=attempt.id,
            position=0,
            speaker=Speaker.CALLEE,
            text=said,
            at=now,
        )
        dial = SimulatedDial(dial_key=attempt.dial_key, number=NUMBER, attempt=1, placed_at=now)
        session.add_all([turn, dial])
    ended = {"status": CallStatus.COMPLETED, "ended_at": now, "attempts_made": 1, "outcome": "BOOKED"}
    api.change({"id": call_id}, **ended, summary="Lovelace is allergic.", extracted={"allergy": "allergic"})


def erased(api: Api) -> tuple[str, list[str]]:
    """The same once the person was erased."""
    contact, calls = a_person_who_was_called(api)
    for call in calls:
        let_talk(api, call)
    assert api.client.delete(f"/v1/contacts/{contact}").status_code == 204
    return contact, calls


def everything(api: Api) -> str:
    """All rows of all tables, as text."""
    with api.database.read() as session:
        tables = Call.metadata.sorted_tables
        rows = [
            row
            for table in tables
            for row in session.connection().execute(text(f'SELECT * FROM "{table.name}"'))
        ]
    return json.dumps([list(row) for row in rows], default=str, ensure_ascii=False)


def test_an_export_has_all_that_is_kept(api: Api) -> None:
    """The contact, its consent, its calls with what was said, also those from before it was a contact."""
    contact, calls = a_person_who_was_called(api)
    for call in calls:
        let_talk(api, call)
    export: dict[str, Any] = api.client.get(f"/v1/contacts/{contact}/export").json()
    assert export["contact"]["email"] == "ada@example.com"
    assert [consent["kind"] for consent in export["consents"]] == ["written"]
    assert [call["id"] for call in export["calls"]] == calls
    assert export["calls"][0]["transcript"][0]["turns"][0]["text"] == "This is Lovelace. I am allergic."


def test_nothing_that_tells_of_the_person_is_left(api: Api) -> None:
    """No table has the number, a name, the email or a word of what was said."""
    erased(api)
    left = everything(api)
    assert [secret for secret in SECRETS if secret in left] == []


def test_calls_stay_without_the_person(api: Api) -> None:
    """What happened when, and with which outcome, can still be counted."""
    contact, calls = erased(api)
    assert api.client.get(f"/v1/contacts/{contact}").status_code == 404
    for call in calls:
        shown = api.client.get(f"/v1/calls/{call}").json()
        assert (shown["status"], shown["outcome"], len(shown["attempts"])) == ("completed", "BOOKED", 1)
        assert (shown["contact_id"], shown["variables"], shown["summary"]) == (None, {}, None)


def test_the_wish_not_to_be_called_outlives_the_person(lite: Api) -> None:
    """A do-not-call entry stays, or erasing would let them be called again."""
    with lite.database.write() as session:
        session.add(DoNotCall(account_id=lite.account.id, number="+14155550177", source="test"))
    contact = lite.client.post("/v1/contacts", json={"number": "+14155550177"}).json()["id"]
    lite.client.delete(f"/v1/contacts/{contact}")
    assert lite.refused(recipient_phone="+14155550177")["code"] == "do_not_call"


def test_webhooks_that_were_not_delivered_are_not_any_more(lite: Api) -> None:
    """What they would tell is gone, so they are dead, and say why."""
    erased(lite)
    with lite.database.read() as session:
        rows = session.connection().execute(text("SELECT state, end_reason FROM delivery")).all()
    assert rows == [(str(DeliveryState.DEAD), "The person that it tells of was erased.")]


def test_an_open_call_must_end_first(lite: Api) -> None:
    """409 names the calls to cancel, and nothing is erased."""
    contact, calls = a_person_who_was_called(lite)
    let_talk(lite, calls[0])
    response = lite.client.delete(f"/v1/contacts/{contact}")
    assert (response.status_code, response.json()["code"]) == (409, "open_calls")
    assert calls[1] in response.json()["detail"]
    assert lite.client.get(f"/v1/contacts/{contact}").status_code == 200


def test_other_people_are_not_touched(lite: Api) -> None:
    """Only calls to this number go without their words."""
    other = "+14155550143"
    kept = lite.place(recipient_phone=other)["id"]
    erased(lite)
    assert lite.client.get(f"/v1/calls/{kept}").json()["recipient_phone"] == other


def test_no_column_with_a_person_is_forgotten() -> None:
    """A new column for numbers, names or words has to be erased too, or to be listed here."""
    personal = {
        "number",
        "phone",
        "email",
        "first_name",
        "last_name",
        "full_name",
        "text",
        "transcript",
        "summary",
    }
    found = {
        f"{table.name}.{column.name}"
        for table in Call.metadata.sorted_tables
        for column in table.columns
        if column.name in personal and not isinstance(column.type, Integer)
    }
    of_contacts = {
        "contact.number",
        "contact.email",
        "contact.first_name",
        "contact.last_name",
        "contact.full_name",
    }
    of_calls = {
        "call.number",
        "call.email",
        "call.first_name",
        "call.last_name",
        "call.full_name",
        "call.summary",
    }
    words = {"turn.text", "notification.text"}
    numbers = {"notification.number", "simulated_dial.number", "batch_rejection.phone"}
    kept = {"do_not_call.number", "member.email", "invitation.email"}
    assert found == of_contacts | of_calls | words | numbers | kept
