"""Batches over HTTP, as they are asked for and answered."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from outdial.models import Agent, AgentVersion, Batch, BatchStatus, Call
from outdial.models.base import utc_now
from outdial.plans import Plan
from outdial.settings import Settings
from outdial.store import do_not_call
from outdial.store.database import Database
from tests.api.serving import Api, an_api, eventually
from tests.build import a_definition

ADA, BOB = "+12025550123", "+12025550124"


@pytest.fixture
def api(database: Database, tmp_path: Path) -> Iterator[Api]:
    """The application; the test runs once on SQLite and once on PostgreSQL."""
    with an_api(Settings(data=tmp_path / "data"), database) as served:
        with database.write() as session:
            served.account.plan = Plan.BUSINESS
            session.merge(served.account)
        yield served


def order(api: Api, *phones: str, **given: Any) -> dict[str, Any]:
    recipients = [{"phone": phone, "variables": {"first_name": "Ada"}} for phone in phones]
    return {"agent_id": api.agent.id, "recipients": recipients, **given}


def rows(api: Api, answer: dict[str, Any]) -> list[Call]:
    with api.database.read() as session:
        found = select(Call).where(Call.batch_id == answer["id"]).order_by(col(Call.batch_row))
        return list(session.exec(found))


def create(api: Api, *phones: str, **given: Any) -> dict[str, Any]:
    response = api.client.post("/v1/calls/batch", json=order(api, *phones, **given))
    assert response.status_code == 201, response.text
    return response.json()


def refused(api: Api, *phones: str, **given: Any) -> dict[str, Any]:
    response = api.client.post("/v1/calls/batch", json=order(api, *phones, **given))
    assert 400 <= response.status_code < 500, response.text
    return response.json()


def kept(api: Api) -> int:
    """How many batches and calls there are."""
    with api.database.read() as session:
        return len(session.exec(select(Batch)).all()) + len(session.exec(select(Call)).all())


def test_the_published_example_works_as_printed(api: Api) -> None:
    """The printed body is accepted; its time, which is in the past, means now."""
    with api.database.write() as session:
        agent = Agent(id="agent_12345", account_id=api.account.id, name="Reminder")
        session.add(agent)
        session.flush()
        data = a_definition(opening_line="Hello {{name}}, you owe {{amount_due}}.").model_dump(mode="json")
        session.add(AgentVersion(account_id=api.account.id, agent_id=agent.id, version=1, data=data))
    body = {
        "agent_id": "agent_12345",
        "recipients": [
            {"phone": "+919876543210", "variables": {"name": "Rahul", "amount_due": "₹2500"}},
            {"phone": "+919876543211", "variables": {"name": "Priya", "amount_due": "₹1800"}},
        ],
        "concurrency": 5,
        "schedule_at": 1714000000,
    }
    response = api.client.post("/v1/calls/batch", json=body)
    assert response.status_code == 201, response.text
    answer = response.json()
    assert (answer["accepted_count"], answer["rejected"], answer["status"]) == (2, [], "scheduled")
    assert answer["schedule_at"] == 1714000000
    eventually(lambda: api.gateway.named("start_batch") == [answer["id"]])


def test_bad_rows_do_not_sink_a_batch(api: Api) -> None:
    """Good rows are accepted; each bad one is listed by its index with a reason."""
    body = order(api, ADA, "12025550199", ADA, "+12025550124")
    body["recipients"][3]["variables"] = {}
    body["recipients"].append({"phone": BOB, "variables": {"first_name": "Bob"}, "external_id": "crm-7"})
    answer = api.client.post("/v1/calls/batch", json=body).json()
    assert [(row["index"], row["phone"], row["external_id"]) for row in answer["accepted"]] == [
        (0, ADA, None),
        (4, BOB, "crm-7"),
    ]
    assert [(row["index"], row["code"], row["duplicate_of"]) for row in answer["rejected"]] == [
        (1, "invalid", None),
        (2, "duplicate", 0),
        (3, "missing_variables", None),
    ]
    assert (answer["total"], answer["rejected_rows"]) == (2, 3)
    listed = api.client.get(f"/v1/calls/batch/{answer['id']}/rejected").json()
    assert [row["row"] for row in listed["data"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"variables": {"first_name": "Bob"}}, "phone"),
        ({"phone": 12025550124}, "phone"),
        ({"phone": BOB, "variables": "Bob"}, "variables"),
        ({"phone": BOB, "nickname": "Bob"}, "nickname"),
        ({"phone": BOB, "variables": {"first_name": "B\0b"}}, None),
        ({"phone": "\ud800", "variables": {}}, None),
        (BOB, None),
        (None, None),
    ],
)
def test_a_row_of_another_form_does_not_sink_a_batch(enterprise: Api, row: Any, field: str | None) -> None:
    """It is refused by its index, and with ``strict`` named by its field."""
    body = order(enterprise, ADA)
    body["recipients"].append(row)

    def send(**more: Any) -> dict[str, Any]:
        # Written by hand: the client refuses to send half of a surrogate pair.
        sent = json.dumps({**body, **more})
        headers = {"Content-Type": "application/json"}
        return enterprise.client.post("/v1/calls/batch", content=sent, headers=headers).json()

    problem = send(strict=True)
    where = "recipients.1" if field is None else f"recipients.1.{field}"
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(where, "invalid")]
    answer = send()
    assert [(row["index"], row["code"]) for row in answer["rejected"]] == [(1, "invalid")]
    assert answer["accepted_count"] == 1


def test_a_mended_row_is_another_request(enterprise: Api) -> None:
    """Also where only a row that could not be read was changed."""
    headers = {"Idempotency-Key": "batch-3"}
    body = order(enterprise, ADA)
    for row, status in (({"phone": 1}, 201), ({"phone": 1}, 201), ({"phone": 2}, 422)):
        sent = {**body, "recipients": [*body["recipients"], row]}
        answer = enterprise.client.post("/v1/calls/batch", json=sent, headers=headers)
        assert answer.status_code == status


def test_strict_refuses_all_where_a_row_is_bad(api: Api) -> None:
    """Nothing is stored, and the bad rows are named."""
    problem = refused(api, ADA, "nonsense", strict=True)
    assert (problem["status"], problem["code"]) == (422, "rows_rejected")
    assert [error["field"] for error in problem["errors"]] == ["recipients.1.phone"]
    assert kept(api) == 0


def test_a_batch_without_a_good_row_is_refused(api: Api) -> None:
    """A batch of nobody makes no sense; the reasons are told."""
    assert refused(api, "nonsense")["code"] == "rows_rejected"
    assert kept(api) == 0


def test_numbers_on_the_do_not_call_list_are_scrubbed(api: Api) -> None:
    """A listed number is refused with that reason; an entry that has expired does not count."""
    with api.database.write() as session:
        do_not_call.add(session, api.account.id, ADA, source="test")
        past = utc_now() - timedelta(days=1)
        do_not_call.add(session, api.account.id, BOB, source="test", expires_at=past)
    answer = create(api, ADA, BOB)
    assert [(row["phone"], row["code"]) for row in answer["rejected"]] == [(ADA, "do_not_call")]
    assert [row["phone"] for row in answer["accepted"]] == [BOB]


def test_more_lines_than_the_plan_has_are_refused(api: Api) -> None:
    """The answer names the plan and its limit."""
    problem = refused(api, ADA, concurrency=11)
    assert (problem["status"], problem["code"]) == (403, "limit_reached")
    assert "business" in problem["detail"]
    assert "10" in problem["detail"]


def test_more_recipients_than_the_plan_allows_are_refused(api: Api) -> None:
    """The answer names the plan and its limit, and nothing is kept."""
    with api.database.write() as session:
        session.merge(api.account).plan = Plan.STARTER
    problem = refused(api, *(f"+1202555{each:04d}" for each in range(51)))
    assert (problem["status"], problem["code"]) == (403, "limit_reached")
    assert "starter" in problem["detail"]
    assert "50" in problem["detail"]
    assert kept(api) == 0


def test_the_same_key_makes_one_batch(api: Api) -> None:
    """The same body under the same key gives the same answer, another body is refused."""
    headers = {"Idempotency-Key": "batch-1"}
    first = api.client.post("/v1/calls/batch", json=order(api, ADA), headers=headers)
    again = api.client.post("/v1/calls/batch", json=order(api, ADA), headers=headers)
    other = api.client.post("/v1/calls/batch", json=order(api, BOB), headers=headers)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert kept(api) == 2


def test_a_refused_request_leaves_its_key_free(api: Api) -> None:
    """What was refused can be sent again, mended, under the same key."""
    headers = {"Idempotency-Key": "batch-2"}
    assert api.client.post("/v1/calls/batch", json=order(api, "bad"), headers=headers).status_code == 422
    assert api.client.post("/v1/calls/batch", json=order(api, ADA), headers=headers).status_code == 201


def test_a_batch_is_read_and_listed(api: Api) -> None:
    """With its terms and counts; another account sees neither."""
    window = {"start": "09:00:00", "end": "18:00:00", "days": ["mon"], "timezone": "Asia/Kolkata"}
    answer = create(api, ADA, BOB, name="April", window=window, spacing_seconds=5, metadata={"team": "a"})
    seen = api.client.get(f"/v1/calls/batch/{answer['id']}").json()
    assert (seen["name"], seen["window"], seen["spacing_seconds"]) == ("April", window, 5)
    assert (seen["total"], seen["pending"], seen["answer_rate"]) == (2, 2, None)
    assert [one["id"] for one in api.client.get("/v1/calls/batch").json()["data"]] == [answer["id"]]
    calls = api.client.get(f"/v1/calls/batch/{answer['id']}/calls").json()["data"]
    assert {call["recipient_phone"] for call in calls} == {ADA, BOB}
    with api.stranger() as stranger:
        assert stranger.get(f"/v1/calls/batch/{answer['id']}").status_code == 404
        assert stranger.get(f"/v1/calls/batch/{answer['id']}/calls").status_code == 404
        assert stranger.post(f"/v1/calls/batch/{answer['id']}/pause").status_code == 404
        assert stranger.get("/v1/calls/batch").json()["data"] == []


def test_recipients_are_appended(api: Api) -> None:
    """They join the batch; a number that it has already is refused."""
    answer = create(api, ADA)
    more = {"recipients": order(api, ADA, BOB)["recipients"]}
    appended = api.client.post(f"/v1/calls/batch/{answer['id']}/recipients", json=more)
    assert appended.status_code == 200, appended.text
    seen = appended.json()
    assert (seen["total"], seen["accepted_count"], seen["rejected_count"]) == (2, 1, 1)
    assert [(row["index"], row["code"], row["duplicate_of"]) for row in seen["rejected"]] == [
        (0, "duplicate", None)
    ]
    assert [row.batch_row for row in rows(api, answer)] == [0, 2]
    eventually(lambda: api.gateway.named("tell_appended") == [answer["id"]])


def test_nothing_is_appended_to_a_batch_that_has_ended(api: Api) -> None:
    """It is a conflict, and nothing is kept."""
    answer = create(api, ADA)
    with api.database.write() as session:
        batch = session.get_one(Batch, answer["id"])
        batch.status, batch.ended_at = BatchStatus.COMPLETED, utc_now()
    more = {"recipients": order(api, BOB)["recipients"]}
    refusal = api.client.post(f"/v1/calls/batch/{answer['id']}/recipients", json=more)
    assert (refusal.status_code, refusal.json()["code"]) == (409, "batch_ended")
    assert len(rows(api, answer)) == 1
    assert api.client.post(f"/v1/calls/batch/{answer['id']}/pause").status_code == 409


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_a_batch_is_steered_by_signals(api: Api, action: str) -> None:
    """The workflow is asked, not the row changed."""
    answer = create(api, ADA)
    assert api.client.post(f"/v1/calls/batch/{answer['id']}/{action}").status_code == 202
    assert api.gateway.named(f"{action}_batch") == [answer["id"]]


def test_a_batch_is_canceled_with_or_without_grace(api: Api) -> None:
    """``graceful`` is handed on."""
    path = f"/v1/calls/batch/{create(api, ADA)['id']}/cancel"
    assert api.client.post(path).status_code == 202
    assert api.client.post(path, json={"graceful": True}).status_code == 202
    assert [graceful for _, graceful in api.gateway.named("cancel_batch")] == [False, True]


def test_progress_is_streamed_until_the_end(api: Api) -> None:
    """Server-sent events carry the batch, the last one named ``ended``."""
    answer = create(api, ADA)
    with api.database.write() as session:
        batch = session.get_one(Batch, answer["id"])
        batch.status, batch.ended_at = BatchStatus.CANCELED, utc_now()
    with api.client.stream("GET", f"/v1/calls/batch/{answer['id']}/events") as stream:
        lines = [line for line in stream.iter_lines() if line]
    assert lines[0] == "event: ended"
    assert json.loads(lines[1].removeprefix("data: "))["status"] == "canceled"


def test_what_an_upload_that_died_left_is_taken_back(api: Api) -> None:
    """A later append forgets rows that never came to count."""
    answer = create(api, ADA)
    with api.database.write() as session:
        batch = session.get_one(Batch, answer["id"])
        batch.intake_at = utc_now() - timedelta(hours=1)
        left = Call.model_validate({**rows(api, answer)[0].model_dump(), "id": "call_left", "number": BOB})
        left.batch_row = 1
        session.add(left)
    more = {"recipients": order(api, BOB)["recipients"]}
    assert api.client.post(f"/v1/calls/batch/{answer['id']}/recipients", json=more).status_code == 200
    assert [row.number for row in rows(api, answer)] == [ADA, BOB]
    assert "call_left" not in {row.id for row in rows(api, answer)}
