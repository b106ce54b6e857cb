"""Placing and reading calls."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from outdial.models import DoNotCall
from outdial.vocabulary import CallStatus
from tests.api.serving import NUMBER, Api, eventually
from tests.build import an_agent

REMINDER = (
    "You are calling {{name}} to remind them about their payment of {{amount_due}} due on {{due_date}}."
)


def test_the_published_example_places_a_call(api: Api) -> None:
    """The example of the published API works as it is printed, with host, key and agent put in."""
    with api.database.write() as session:
        agent = an_agent(session, api.account, system_prompt=REMINDER, opening_line="Hello {{name}}.")
    body = f"""{{
    "agent_id": "{agent.id}",
    "recipient_phone": "+919876543210",
    "variables": {{
      "name": "Rahul",
      "amount_due": "₹2,500",
      "due_date": "April 25"
    }}
  }}"""
    response = api.client.post("/v1/call", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 201
    call = response.json()
    assert call["call_id"] == call["id"]
    assert call["status"] == "scheduled"
    assert call["recipient_phone"] == "+919876543210"
    assert call["variables"]["amount_due"] == "₹2,500"
    assert call["timezone"] == "Asia/Calcutta" or call["timezone"] == "Asia/Kolkata"
    assert (call["agent_id"], call["agent_version"]) == (agent.id, 1)


def test_a_placed_call_is_started_and_marked(api: Api) -> None:
    """After the answer the call's workflow is started and its row says so."""
    call = api.place()
    eventually(lambda: api.row(call).workflow_started)
    assert api.gateway.named("start_call") == [call["id"]]


def test_a_call_is_accepted_while_temporal_is_away(api: Api) -> None:
    """The row is the acceptance; it stays unstarted for the reconciler."""
    api.gateway.away = True
    call = api.place()
    assert api.row(call).workflow_started is False


def test_requests_do_not_wait_for_a_temporal_that_is_away(lite: Api) -> None:
    """After one failure the next calls are left to the reconciler instead of to a time-out each."""
    lite.gateway.away = True
    lite.place()
    eventually(lambda: lite.client.get("/healthz").is_success)
    time.sleep(0.1)
    lite.gateway.away = False
    lite.place()
    time.sleep(0.1)
    assert lite.gateway.named("start_call") == []


def test_unix_seconds_schedule_a_call(lite: Api) -> None:
    """schedule_at is Unix seconds, in the request and in the answer."""
    at = int(time.time()) + 3600
    call = lite.place(schedule_at=at)
    assert call["schedule_at"] == at
    assert datetime.fromisoformat(call["due_at"]).timestamp() == at


def test_an_iso_time_schedules_a_call(lite: Api) -> None:
    """A time in ISO 8601 with an offset is understood too."""
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    assert lite.place(schedule_at=at.isoformat())["schedule_at"] == int(at.timestamp())


def test_a_minute_late_is_now(lite: Api) -> None:
    """A time that has passed by less than a minute is due at once."""
    late = int(time.time()) - 30
    assert datetime.fromisoformat(lite.place(schedule_at=late)["due_at"]) > datetime.fromtimestamp(late, UTC)


@pytest.mark.parametrize("sent", [1_795_000_000_000, "1795000000000", 99_999_999_999, 1e300])
def test_numbers_are_seconds_whatever_their_size(lite: Api, sent: Any) -> None:
    """Milliseconds are refused, not guessed at; the answer says what was expected."""
    refused = lite.refused(schedule_at=sent)
    assert "Unix seconds" in refused["errors"][0]["message"]


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"recipient_phone": "9876543210"}, "recipient_phone", "invalid"),
        ({"recipient_phone": "+1 202 555 0123"}, "recipient_phone", "invalid"),
        ({"recipient_phone": "+999123456789"}, "recipient_phone", "invalid"),
        ({"recipient_phone": 919876543210}, "recipient_phone", "string_type"),
        ({"agent_id": "agent_nobody"}, "agent_id", "not_found"),
        ({"variables": {}}, "variables", "missing_variables"),
        ({"variables": {"first_name": None}}, "variables", "missing_variables"),
        ({"variables": "Ada"}, "variables", "dict_type"),
        ({"variables": {"first_name": "A" * 70_000}}, "variables", "invalid"),
        ({"variables": {f"v{n}": n for n in range(101)}}, "variables", "invalid"),
        ({"schedule_at": 1_714_000_000}, "schedule_at", "invalid"),
        ({"schedule_at": 4_000_000_000}, "schedule_at", "invalid"),
        ({"schedule_at": True}, "schedule_at", "invalid"),
        ({"schedule_at": "2030-01-01T00:00:00"}, "schedule_at", "timezone_aware"),
        ({"schedule_at": "9999-12-31T23:59:59-14:00"}, "schedule_at", "invalid"),
        ({"timezone": "Mars/Olympus"}, "timezone", "invalid"),
        ({"timezone": "../../etc/passwd"}, "timezone", "invalid"),
        ({"max_duration_seconds": 5}, "max_duration_seconds", "invalid"),
        ({"max_duration_seconds": 10**30}, "max_duration_seconds", "invalid"),
        ({"caller_id": "Lakeside"}, "caller_id", "invalid"),
        ({"webhook_url": "ftp://example.com"}, "webhook_url", "invalid"),
        ({"webhook_url": "https://10.0.0.1/"}, "webhook_url", "invalid"),
        ({"metadata": {f"k{n}": n for n in range(51)}}, "metadata", "invalid"),
        ({"metadata": {"k": "v" * 17_000}}, "metadata", "invalid"),
        ({"metadata": {"": "v"}}, "metadata", "invalid"),
        ({"retry": {"intervals": [-1]}}, "retry.intervals.0", "greater_than_equal"),
        ({"retry": {"intervals": [1] * 11}}, "retry.intervals", "too_long"),
        ({"retry": {"typ": "backoff"}}, "retry.typ", "extra_forbidden"),
        ({"scheduled_at": 1_893_456_000}, "scheduled_at", "extra_forbidden"),
    ],
)
def test_a_wrong_field_is_named(refusing: Api, given: dict[str, Any], field: str, code: str) -> None:
    """What can't be accepted is refused with the field and a code."""
    problem = refusing.refused(**given)
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]


@pytest.mark.parametrize("phone", ["(202) 555-0123", 919876543210])
def test_e164_is_explained(lite: Api, phone: object) -> None:
    """A number in another form is answered with what E.164 is."""
    assert "+919876543210" in lite.refused(recipient_phone=phone)["detail"]


def test_missing_variables_are_named(lite: Api) -> None:
    """All of the variables that the agent's texts need are named at once."""
    with lite.database.write() as session:
        agent = an_agent(session, lite.account, system_prompt=REMINDER)
    problem = lite.refused(agent_id=agent.id, variables={"due_date": "May 1"})
    assert all(name in problem["detail"] for name in ("name", "amount_due", "first_name"))
    assert "due_date" not in problem["detail"]


def test_a_voicemail_message_needs_its_variables(lite: Api) -> None:
    """The message's variables are asked for where it would be left, and only there."""
    with lite.database.write() as session:
        message = "Hi {{nickname}}, call us."
        leaves = an_agent(session, lite.account, on_voicemail="leave_message", voicemail_message=message)
        hangs_up = an_agent(session, lite.account, voicemail_message=message)
    assert "nickname" in lite.refused(agent_id=leaves.id)["detail"]
    assert lite.place(agent_id=hangs_up.id)


def test_values_are_never_templates(lite: Api) -> None:
    """Braces inside a value ask for nothing."""
    assert lite.place(variables={"first_name": "{{other}}"})


def test_an_archived_agent_takes_no_calls(lite: Api) -> None:
    """An archived agent is refused, with a code of its own."""
    lite.client.post(f"/v1/agents/{lite.agent.id}/archive")
    assert lite.refused()["code"] == "agent_archived"


def test_a_number_on_the_do_not_call_list_is_refused(api: Api) -> None:
    """A listed number is refused at creation; one whose entry has expired is not."""
    with api.database.write() as session:
        session.add(DoNotCall(account_id=api.account.id, number=NUMBER, source="test"))
        old = datetime.now(UTC) - timedelta(days=1)
        session.add(
            DoNotCall(account_id=api.account.id, number="+12025550124", source="test", expires_at=old)
        )
    assert api.refused()["code"] == "do_not_call"
    assert api.place(recipient_phone="+12025550124")


def test_all_that_was_given_is_kept(api: Api) -> None:
    """Every field of the request comes back as it was sent."""
    given: dict[str, Any] = {
        "timezone": "Europe/Berlin",
        "max_duration_seconds": 120,
        "caller_id": "+12025550199",
        "recording_enabled": False,
        "webhook_url": "https://example.com/hook",
        "metadata": {"plan": "gold", "tags": ["a", {"b": None}], "ok": True, "n": 1.5},
    }
    call = api.place(**given, retry={"type": "backoff", "intervals": [60, 60]})
    shown = api.client.get(f"/v1/calls/{call['id']}").json()
    assert {name: shown[name] for name in given} == given
    assert shown["retry"]["intervals"] == [60, 60]


def test_a_call_keeps_its_agents_version(api: Api) -> None:
    """A change of the agent shows in later calls only."""
    before = api.place()
    api.client.patch(f"/v1/agents/{api.agent.id}", json={"opening_line": "Good day {{first_name}}."})
    after = api.place()
    shown = [api.client.get(f"/v1/calls/{call['id']}").json()["agent_version"] for call in (before, after)]
    assert shown == [1, 2]


def test_a_fresh_call_has_a_timeline_and_no_attempts(api: Api) -> None:
    """Reading a call shows what happened to it so far."""
    shown = api.client.get(f"/v1/calls/{api.place()['id']}").json()
    assert [event["type"] for event in shown["events"]] == ["call.scheduled"]
    assert (shown["attempts"], shown["transcript_url"], shown["recording_url"]) == ([], None, None)


def test_nothing_recorded_is_a_404(lite: Api) -> None:
    """A call without a recording says so."""
    response = lite.client.get(f"/v1/calls/{lite.place()['id']}/recording")
    assert (response.status_code, response.json()["code"]) == (404, "no_recording")


@pytest.mark.parametrize("action", ["pause", "resume", "cancel"])
def test_a_signal_reaches_the_call(lite: Api, action: str) -> None:
    """Pause, resume and cancel are handed to the call's workflow and answered with the call."""
    call = lite.place()
    response = lite.client.post(f"/v1/calls/{call['id']}/{action}")
    assert (response.status_code, response.json()["id"]) == (202, call["id"])
    assert lite.gateway.named(action) == [call["id"]]


def test_a_signal_starts_a_call_that_was_not_started(lite: Api) -> None:
    """A call that Temporal does not know yet is started first, so that the signal is not lost."""
    lite.gateway.away = True
    call = lite.place()
    time.sleep(0.1)
    lite.gateway.away = False
    lite.client.post(f"/v1/calls/{call['id']}/cancel")
    assert lite.gateway.asked == [("start_call", call["id"]), ("cancel", call["id"])]


def test_a_signal_without_temporal_is_503(lite: Api) -> None:
    """Nothing is changed, and the caller is told when to try again."""
    call = lite.place()
    lite.gateway.away = True
    response = lite.client.post(f"/v1/calls/{call['id']}/pause")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


def test_reschedule_sends_the_new_time(lite: Api) -> None:
    """The workflow is told when the next dial is due."""
    call, at = lite.place(), int(time.time()) + 7200
    response = lite.client.post(f"/v1/calls/{call['id']}/reschedule", json={"schedule_at": at})
    assert response.status_code == 202
    assert lite.gateway.named("reschedule") == [(call["id"], datetime.fromtimestamp(at, UTC))]


def test_reschedule_into_the_past_is_refused(lite: Api) -> None:
    """The time is checked as at creation."""
    response = _reschedule(lite, lite.place(), 1_714_000_000)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "schedule_at")


def test_reschedule_in_the_middle_of_an_attempt_is_refused(lite: Api) -> None:
    """A call that is being dialled can't be moved."""
    call = lite.place()
    lite.change(call, status=CallStatus.IN_PROGRESS)
    assert _reschedule(lite, call, int(time.time()) + 60).json()["code"] == "in_progress"


@pytest.mark.parametrize("action", ["pause", "resume", "cancel", "reschedule"])
def test_an_ended_call_takes_no_signal(lite: Api, action: str) -> None:
    """What is over stays as it is."""
    call = lite.place()
    lite.change(call, status=CallStatus.COMPLETED)
    body = {"schedule_at": int(time.time()) + 60} if action == "reschedule" else None
    response = lite.client.post(f"/v1/calls/{call['id']}/{action}", json=body)
    assert (response.status_code, response.json()["code"]) == (409, "call_ended")


def _reschedule(api: Api, call: dict[str, Any], at: int) -> httpx.Response:
    return api.client.post(f"/v1/calls/{call['id']}/reschedule", json={"schedule_at": at})
