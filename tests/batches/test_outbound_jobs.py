"""Outbound jobs, in the published style of that dialect."""

import csv
import io
from typing import Any

from sqlmodel import col, select

from outdial.models import Batch, Call
from tests.api.serving import Api

ADA, BOB = "+12025550123", "+12025550124"


def made(api: Api, **given: Any) -> dict[str, Any]:
    order = {"agentId": api.agent.id, "to": [ADA, BOB], "metadata": {"first_name": "you"}, **given}
    response = api.client.post("/v1/outbound-jobs/", json=order)
    assert response.status_code == 201, response.text
    return response.json()


def test_numbers_become_a_job_with_five_seconds_between_calls(enterprise: Api) -> None:
    """The default spacing is the published one."""
    answer = made(enterprise)
    assert answer == {
        "result": "Ok",
        "external_id": answer["external_id"],
        "accepted": 2,
        "rejected": [],
        "calls_remaining": None,
    }
    with enterprise.database.read() as session:
        batch = session.get_one(Batch, answer["external_id"])
    assert batch.spacing_seconds == 5


def test_each_number_has_its_own_metadata(enterprise: Api) -> None:
    """It is a variable, returned with the call, and told to the agent."""
    answer = made(enterprise, to=[ADA, {"to": BOB, "metadata": {"first_name": "Bob"}}], call_spacing=1)
    with enterprise.database.read() as session:
        found = select(Call).where(Call.batch_id == answer["external_id"]).order_by(col(Call.batch_row))
        calls = session.exec(found).all()
    assert [call.variables["first_name"] for call in calls] == ["you", "Bob"]
    assert [call.client_metadata for call in calls] == [{"first_name": "you"}, {"first_name": "Bob"}]
    assert all(call.metadata_for_agent for call in calls)


def test_a_number_of_another_form_does_not_sink_a_job(enterprise: Api) -> None:
    """It is refused by its index."""
    answer = made(enterprise, to=[ADA, 12025550124, {"to": BOB, "metadata": "Bob"}, {"to": BOB, "x": 1}])
    assert answer["accepted"] == 1
    assert [(row["index"], row["to"]) for row in answer["rejected"]] == [(1, ""), (2, BOB), (3, BOB)]


def test_refusals_have_the_dialects_shape(enterprise: Api) -> None:
    """A result, a sentence, and the numbers at fault."""
    order = {"agentId": enterprise.agent.id, "to": ["nonsense"], "metadata": {"first_name": "you"}}
    answer = enterprise.client.post("/v1/outbound-jobs", json=order)
    assert answer.status_code == 422
    told = answer.json()
    assert (told["result"], told["code"]) == ("Error", "rows_rejected")
    assert told["errors"][0]["field"] == "to.0.phone"
    unknown = enterprise.client.post("/v1/outbound-jobs", json={**order, "agentId": "agent_no"}).json()
    assert unknown["errors"][0]["field"] == "agentId"


def test_a_file_becomes_a_job(enterprise: Api) -> None:
    """Its other columns are metadata; what can't be called is told by line."""
    response = enterprise.client.post(
        "/v1/outbound-jobs/upload",
        files={"file": ("numbers.csv", f"number,first_name\n{ADA},Ada\nbad,Bob\n".encode())},
        data={"agentId": enterprise.agent.id},
    )
    assert response.status_code == 201, response.text
    assert (response.json()["accepted"], response.json()["rejected"][0]["line"]) == (1, 3)


def test_progress_and_report_are_read(enterprise: Api) -> None:
    """By the job's external id; another account sees nothing."""
    job = made(enterprise)["external_id"]
    seen = enterprise.client.get(f"/v1/outbound-jobs/{job}").json()
    assert (seen["result"], seen["total"], seen["pending"], seen["call_spacing"]) == ("Ok", 2, 2, 5)
    assert [one["external_id"] for one in enterprise.client.get("/v1/outbound-jobs/").json()["jobs"]] == [job]
    report = enterprise.client.get(f"/v1/outbound-jobs/{job}/report")
    assert [row["phone"] for row in csv.DictReader(io.StringIO(report.text))] == [f"'{ADA}", f"'{BOB}"]
    with enterprise.stranger() as stranger:
        refusal = stranger.get(f"/v1/outbound-jobs/{job}")
    assert (refusal.status_code, refusal.json()["result"]) == (404, "Error")


def test_a_job_is_steered(enterprise: Api) -> None:
    """By the same signals as any batch."""
    job = made(enterprise)["external_id"]
    for action in ("pause", "resume", "cancel"):
        assert enterprise.client.post(f"/v1/outbound-jobs/{job}/{action}").status_code == 202
    assert enterprise.gateway.named("cancel_batch") == [(job, False)]
