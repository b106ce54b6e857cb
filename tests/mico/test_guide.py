"""The published guide, walked from end to end: every request as printed, every answer like the printed one."""

import json
from typing import Any

import pytest

from tests.mico import guide
from tests.mico.guide import like
from tests.mico.standing import Standing

pytestmark = pytest.mark.anyio

SAME_IN = ("name", "starts_at", "ends_at", "retry_type", "retry_intervals")


async def test_the_guide_can_be_followed_step_by_step(stand: Standing) -> None:
    """Campaign, schedule, calls, enabling, listing, detail: fields, order and types are those of the guide."""
    # Step 1
    campaign = await stand.ask("POST", "/api/v1/campaigns", 201, json=guide.CAMPAIGN_ASKED)
    assert like(campaign, guide.CAMPAIGN)
    assert (campaign["name"], campaign["is_enabled"]) == ("My First Campaign", True)

    # Step 2, with a message after the talk, as step 6 shows one
    asked = guide.schedule_asked()
    rule = {"on": "completed", "text": "Thank you {{first_name}}, see you at {{custom.appointment_time}}."}
    path = f"/api/v1/campaigns/{campaign['uid']}/schedules"
    schedule = await stand.ask("POST", path, 201, json=asked)
    assert like(schedule, guide.SCHEDULE)
    assert {name: schedule[name] for name in SAME_IN} == asked
    assert (schedule["is_enabled"], schedule["is_auto"]) == (False, False)
    await stand.change(schedule["uid"], notifications=[rule])

    # Step 3A
    calls = f"/api/v1/schedules/{schedule['uid']}/outbound_calls"
    call = await stand.ask("POST", calls, 201, json=guide.CALL_ASKED)
    assert like(call, guide.CALL)
    sent = {name: value for name, value in guide.CALL_ASKED.items() if name != "external_id"}
    assert call["outbound_call_info"] == sent
    given = ("external_id", "status", "progress", "is_test_call", "number_call_retries", "cooldown_until")
    assert {name: call[name] for name in given} == {name: guide.CALL[name] for name in given}

    # Step 3B
    bulk = await stand.ask("POST", f"{calls}/bulk", 201, json={"outbound_calls": guide.BULK_ASKED})
    assert like(bulk, guide.BULK)
    assert [one["external_id"] for one in bulk["outbound_calls"]] == ["CUST-123", "CUST-456"]
    broken = [*guide.BULK_ASKED, {**guide.CALL_ASKED, "phone_number": "12-34"}]
    failed = await stand.ask("POST", f"{calls}/bulk", 201, json={"outbound_calls": broken})
    assert (failed["total_count"], failed["successful_count"], failed["failed_count"]) == (3, 2, 1)
    assert failed["failures"] == [guide.FAILURE]

    # Step 5 before step 4: all wait
    listed = await stand.ask("GET", calls)
    assert len(listed) == 5
    assert like(listed[0], guide.CALL)
    assert listed[1]["outbound_call_info"]["phone_number"] == "5551234567"

    # Step 4
    enabled = await stand.ask("PATCH", f"/api/v1/schedules/{schedule['uid']}", json={"is_enabled": True})
    enabled.pop("notifications")
    assert like(enabled, {**guide.SCHEDULE, "is_enabled": True})
    assert enabled["is_enabled"] is True

    # Step 6
    await stand.ended(call)
    detail = await stand.until(call, lambda shown: _told(shown))
    assert like(detail, guide.DETAIL)
    assert (detail["status"], detail["progress"], detail["number_call_retries"]) == (
        "completed",
        "answered",
        0,
    )
    assert detail["outbound_call_attempts"][0]["status"] == "hangup"
    assert detail["outbound_calls_notifications"][0]["status"] == "delivered"

    # Step 5 with its filters
    for one in listed:
        await stand.ended(one)
    query = "?attempt_status=hangup&page=2&page_size=2"
    assert len(await stand.ask("GET", calls + query)) == 2
    for name, value in (
        ("outcome", "Booked"),
        ("external_id", "CUST-123"),
        ("is_test_call", "false"),
        ("first_name", "John"),
        ("last_name", "Doe"),
        ("phonetic_first_name", "John"),
        ("phone_number", "+818012345678"),
        ("email", "john.doe@example.com"),
    ):
        found = await stand.ask("GET", calls, params={name: value})
        assert call["uid"] in [one["uid"] for one in found], name


async def test_the_printed_comma_too_many_is_pointed_at(stand: Standing) -> None:
    """Step 4 is printed with a comma after its only field: the answer says that it is too many, and where."""
    schedule = await stand.schedule()
    body = '{\n"is_enabled": true,\n}'
    headers = {"Content-Type": "application/json"}
    error = await stand.ask("PATCH", f"/api/v1/schedules/{schedule}", 400, content=body, headers=headers)
    assert (
        error["details"]["body"]
        == "There is a comma before a closing bracket at line 2, column 19: remove it."
    )
    assert json.loads(body.replace(",", "")) == {"is_enabled": True}


def _told(shown: dict[str, Any]) -> bool:
    return [one["status"] for one in shown["outbound_calls_notifications"]] == ["delivered"]
