"""A person is exported and erased: what is left of their calls tells nothing of them."""

import json
from typing import Any

import pytest
from sqlalchemy import Integer, text
from sqlmodel import select
from typer.testing import CliRunner

from outdial.cli import app
from outdial.models import (
    Attempt,
    AttemptState,
    Batch,
    BatchRejection,
    Call,
    CallStatus,
    CarrierReport,
    Delivery,
    DeliveryState,
    DeliveryTry,
    DoNotCall,
    Notification,
    SimulatedDial,
    Speaker,
    Turn,
)
from outdial.models.base import utc_now
from outdial.store.do_not_call import is_listed
from tests.api.serving import Api

NUMBER = "+14155550142"
WRITTEN = "(415) 555-0142"
# The last one is how the number ends however it is written.
SECRETS = (NUMBER, "Lovelace", "ada@example.com", "allergic", "555-0142")


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


def a_stranger_who_was_called(api: Api) -> list[str]:
    """The ids of two calls of a person without a contact, with whom somebody talked."""
    order: dict[str, Any] = {"recipient_phone": NUMBER, "webhook_url": "https://example.com/"}
    calls = [api.place(**order, metadata={"who": "Lovelace"})["id"] for _ in range(2)]
    for call in calls:
        let_talk(api, call)
    met_elsewhere(api, calls[0])
    return calls


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


def met_elsewhere(api: Api, call_id: str) -> None:
    """The person was refused by an upload, sent a text message, and told of by a carrier and to a receiver."""
    now = utc_now()
    with api.database.write() as session:
        call = session.get_one(Call, call_id)
        delivery = session.exec(select(Delivery).where(Delivery.call_id == call_id)).first()

        def add(model: Any, **given: Any) -> Any:
            row = model(account_id=api.account.id, **given)
            session.add(row)
            session.flush()
            return row

        version = {"agent_id": call.agent_id, "agent_version_id": call.agent_version_id}
        batch = add(Batch, name="b", due_at=now, max_duration_seconds=60, **version)
        refused = {"batch_id": batch.id, "batch_row": 3, "code": "do_not_call", "external_id": "Lovelace-1"}
        add(BatchRejection, **refused, phone=WRITTEN, reason="Lovelace asked not to be called.")
        message = {"number": NUMBER, "text": "Dear Ada Lovelace", "message_count": 1}
        add(Notification, call_id=call_id, trigger="completed", **message)
        add(
            CarrierReport,
            carrier="twilio",
            event_id=call_id,
            call_id=call_id,
            attempt=1,
            event={"To": NUMBER},
        )
        if delivery is not None:
            heard = {"number": 1, "at": now, "duration_ms": 1, "response_body": "We know Lovelace"}
            add(DeliveryTry, delivery_id=delivery.id, **heard)
        if not is_listed(session, api.account.id, NUMBER, now):
            add(DoNotCall, number=NUMBER, source="call", note="Lovelace said so")


def erased(api: Api) -> tuple[str, list[str]]:
    """The same once the person was erased."""
    contact, calls = a_person_who_was_called(api)
    for call in calls:
        let_talk(api, call)
        met_elsewhere(api, call)
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
    """No table has the number, a name, the email or a word of what was said; but that it must not be called."""
    erased(api)
    left = everything(api)
    assert left.count(NUMBER) == 1  # the entry of the do-not-call list
    assert [secret for secret in SECRETS[1:] if secret in left] == []


def test_a_person_without_a_contact_is_exported(api: Api) -> None:
    """By number: every row of every table that tells of them."""
    calls = a_stranger_who_was_called(api)
    response = api.client.get("/v1/people/export", params={"number": NUMBER})
    kept = response.json()["kept"]
    assert response.json()["number"] == NUMBER
    assert [call["id"] for call in kept["call"]] == calls
    assert kept["turn"][0]["text"] == "This is Lovelace. I am allergic."
    assert {*kept} == {
        "attempt",
        "batch_rejection",
        "call",
        "call_event",
        "carrier_report",
        "delivery",
        "delivery_try",
        "do_not_call",
        "notification",
        "simulated_dial",
        "turn",
    }


def test_a_person_without_a_contact_is_erased(api: Api) -> None:
    """As one with a contact is."""
    a_stranger_who_was_called(api)
    assert api.client.delete("/v1/people", params={"number": NUMBER}).status_code == 204
    left = everything(api)
    assert left.count(NUMBER) == 1
    assert [secret for secret in SECRETS[1:] if secret in left] == []
    assert "call" not in api.client.get("/v1/people/export", params={"number": NUMBER}).json()["kept"]


def test_nobody_is_forgotten_before_their_calls_have_ended(lite: Api) -> None:
    """The same without a contact: 409 names the calls to cancel."""
    call = lite.place(recipient_phone=NUMBER)["id"]
    response = lite.client.delete("/v1/people", params={"number": NUMBER})
    assert (response.status_code, response.json()["code"]) == (409, "open_calls")
    assert call in response.json()["detail"]


def test_another_account_knows_nothing_of_the_person(lite: Api) -> None:
    """A person is what one account keeps of a number."""
    a_stranger_who_was_called(lite)
    with lite.stranger() as stranger:
        assert stranger.get("/v1/people/export", params={"number": NUMBER}).json()["kept"] == {}
        assert stranger.delete("/v1/people", params={"number": NUMBER}).status_code == 204
    assert "call" in lite.client.get("/v1/people/export", params={"number": NUMBER}).json()["kept"]


def test_the_command_line_exports_and_erases(lite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """For an account that is named; what is printed is JSON."""
    a_stranger_who_was_called(lite)
    monkeypatch.setenv("OUTDIAL_DATABASE_URL", lite.database.engine.url.render_as_string())
    whose = [NUMBER, "--account", lite.account.id]
    printed = CliRunner().invoke(app, ["person", "export", *whose])
    assert json.loads(printed.stdout)["kept"]["call"][0]["number"] == NUMBER
    assert CliRunner().invoke(app, ["person", "erase", *whose], input="n\n").exit_code == 1
    assert CliRunner().invoke(app, ["person", "erase", *whose, "--yes"]).exit_code == 0
    again = CliRunner().invoke(app, ["person", "export", *whose])
    assert {*json.loads(again.stdout)["kept"]} == {"do_not_call"}


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
