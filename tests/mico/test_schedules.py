"""Schedules at work, on a real Temporal server: switched, moved, filled, over."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from outdial.models.base import utc_now
from tests.mico.standing import Standing, ahead, iso
from tests.running import BUSY_THEN_BOOKS, NEVER_ANSWERS

pytestmark = pytest.mark.anyio


def dialled(shown: dict[str, Any]) -> int:
    """How many attempts the answer shows."""
    return len(shown["outbound_call_attempts"])


async def still_waits(stand: Standing, call: dict[str, Any], seconds: float = 1.5) -> bool:
    """Whether nobody dials the call within a while."""
    await asyncio.sleep(seconds)
    shown = await stand.call(call)
    return (shown["status"], shown["progress"], dialled(shown)) == ("pending", "in_queue", 0)


async def test_nothing_is_dialled_until_the_schedule_is_enabled(stand: Standing) -> None:
    """A new schedule waits; enabled, also twice, it dials each call once."""
    schedule = await stand.schedule(ends_at=ahead(hours=1))
    call = await stand.add(schedule)
    assert await still_waits(stand, call)
    assert (await stand.change(schedule, is_enabled=True))["is_enabled"] is True
    assert (await stand.change(schedule, is_enabled=True))["is_enabled"] is True
    ended = await stand.ended(call)
    assert (ended["status"], dialled(ended)) == ("completed", 1)


async def test_a_call_forced_into_a_running_schedule_is_dialled_in_that_run(stand: Standing) -> None:
    """Without force it is refused; with it, it joins; the schedule goes on without calls in between."""
    schedule = await stand.schedule(ends_at=ahead(hours=1))
    first = await stand.add(schedule)
    await stand.change(schedule, is_enabled=True)
    await stand.ended(first)
    path = f"/api/v1/schedules/{schedule}/outbound_calls"
    refused = await stand.ask("POST", path, 409, json=first["outbound_call_info"])
    assert refused["code"] == "schedule_enabled"
    again = await stand.add(schedule, force=True)
    assert (await stand.ended(again))["status"] == "completed"


async def test_nothing_is_dialled_before_starts_at_unless_it_is_moved(stand: Standing) -> None:
    """Enabled, it waits for its start; an earlier start reaches the calls that wait."""
    schedule = await stand.schedule(starts_at=ahead(hours=1), ends_at=ahead(hours=2))
    call = await stand.add(schedule)
    await stand.change(schedule, is_enabled=True)
    assert await still_waits(stand, call)
    await stand.change(schedule, starts_at=ahead(seconds=-1))
    assert (await stand.ended(call))["status"] == "completed"


async def test_an_automatic_schedule_enables_itself_when_it_starts(stand: Standing) -> None:
    """Until starts_at it is not enabled; then it is, and dials."""
    schedule = await stand.schedule(starts_at=ahead(hours=1), is_auto=True)
    call = await stand.add(schedule)
    path = f"/api/v1/schedules/{schedule}"
    assert (await stand.ask("GET", path))["is_enabled"] is False
    await stand.change(schedule, starts_at=iso(utc_now() + timedelta(seconds=1)))
    assert (await stand.ended(call))["status"] == "completed"
    assert (await stand.ask("GET", path))["is_enabled"] is True


async def test_what_is_pending_when_the_end_comes_expires(stand: Standing) -> None:
    """Also where the schedule was never enabled; then it is over, and takes nothing more."""
    schedule = await stand.schedule(ends_at=ahead(hours=1))
    call = await stand.add(schedule)
    await stand.change(schedule, ends_at=iso(utc_now() + timedelta(seconds=1)))
    ended = await stand.ended(call)
    assert (ended["status"], ended["progress"], dialled(ended)) == ("expired", "expired", 0)
    over = await stand.ask("PATCH", f"/api/v1/schedules/{schedule}", 409, json={"is_enabled": True})
    assert over["code"] == "schedule_over"


async def test_a_schedule_disabled_while_dialling_dials_no_more_and_goes_on_later(stand: Standing) -> None:
    """Calls that wait for a line wait on; live ones end; enabled again, all are dialled once."""
    schedule = await stand.schedule(ends_at=ahead(hours=1), concurrency=1, spacing_seconds=0.5)
    calls = [await stand.add(schedule, phone_number=f"+1202200000{number}") for number in range(5)]
    await stand.change(schedule, is_enabled=True)
    await stand.until(calls[0], lambda shown: dialled(shown) == 1)
    await stand.change(schedule, is_enabled=False)
    await asyncio.sleep(1)
    before = [dialled(await stand.call(call)) for call in calls]
    await asyncio.sleep(1.5)
    assert [dialled(await stand.call(call)) for call in calls] == before
    assert sum(before) < len(calls)
    await stand.change(schedule, is_enabled=True)
    ended = [await stand.ended(call) for call in calls]
    assert [dialled(call) for call in ended] == [1] * 5


async def test_calling_hours_hold_calls_and_wider_ones_let_them_go(stand: Standing) -> None:
    """A window that is closed now keeps the calls; opened by a change, it lets them be dialled."""
    closed = utc_now() + timedelta(hours=3)
    hours = {"start": f"{closed:%H:%M}", "end": f"{closed + timedelta(hours=1):%H:%M}"}
    schedule = await stand.schedule(calling_hours=hours, timezone="UTC")
    call = await stand.add(schedule)
    await stand.change(schedule, is_enabled=True)
    assert await still_waits(stand, call)
    await stand.change(schedule, calling_hours=None)
    assert (await stand.ended(call))["status"] == "completed"


async def test_a_retry_waits_its_interval_and_shows_when_it_is_due(stand: Standing) -> None:
    """In its cooldown a call says until when, and how many retries are left; retried by hand it waits no longer."""
    schedule = await stand.schedule(retry_intervals=[600, 600])
    call = await stand.add(schedule, phone_number=BUSY_THEN_BOOKS)
    await stand.change(schedule, is_enabled=True)
    cooling = await stand.until(call, lambda shown: shown["progress"] == "cooldown")
    assert cooling["number_call_retries"] == 1
    assert cooling["outbound_call_attempts"][0]["status"] == "busy"
    assert ahead(minutes=9) < cooling["cooldown_until"] <= ahead(minutes=10, seconds=1)
    await stand.ask("POST", f"/api/v1/outbound_calls/{call['uid']}/retry")
    ended = await stand.ended(call)
    assert (ended["status"], dialled(ended), ended["cooldown_until"]) == ("completed", 2, None)


async def test_an_ended_call_is_dialled_again_under_its_uid(stand: Standing) -> None:
    """Its attempts stay; what a person had answered is not dialled again."""
    schedule = await stand.schedule()
    call = await stand.add(schedule, phone_number=NEVER_ANSWERS)
    reached = await stand.add(schedule)
    await stand.change(schedule, is_enabled=True)
    failed = await stand.ended(call)
    assert (failed["status"], failed["progress"], failed["number_call_retries"]) == ("failed", "no_answer", 0)
    await asyncio.sleep(0.5)
    queued = await stand.ask("POST", f"/api/v1/outbound_calls/{call['uid']}/retry")
    assert (queued["status"], queued["uid"]) == ("pending", call["uid"])
    again = await stand.until(call, lambda shown: dialled(shown) == 2 and shown["status"] == "failed")
    assert [one["status"] for one in again["outbound_call_attempts"]] == ["no_answer", "no_answer"]
    await stand.ended(reached)
    refused = await stand.ask("POST", f"/api/v1/outbound_calls/{reached['uid']}/retry", 409)
    assert refused["code"] == "call_completed"


async def test_a_call_is_cancelled_before_and_while_it_waits(stand: Standing) -> None:
    """Cancelled, it ends; a second time it is refused."""
    schedule = await stand.schedule(retry_intervals=[600])
    waiting = await stand.add(schedule)
    cooling = await stand.add(schedule, phone_number=NEVER_ANSWERS)
    path = "/api/v1/outbound_calls/{}/cancel"
    canceled = await stand.ask("POST", path.format(waiting["uid"]))
    assert (canceled["status"], canceled["progress"]) == ("canceled", "canceled")
    await stand.change(schedule, is_enabled=True)
    await stand.until(cooling, lambda shown: shown["progress"] == "cooldown")
    await stand.ask("POST", path.format(cooling["uid"]))
    assert (await stand.ended(cooling))["status"] == "canceled"
    assert (await stand.ask("POST", path.format(cooling["uid"]), 409))["code"] == "call_ended"


async def test_a_test_call_is_dialled_at_once_and_is_not_counted(stand: Standing) -> None:
    """The schedule is disabled and stays so; the call is listed and lies outside the batch's counts."""
    schedule = await stand.schedule(starts_at=ahead(hours=1))
    call = await stand.add(schedule, is_test_call=True)
    assert call["is_test_call"] is True
    assert (await stand.ended(call))["status"] == "completed"
    path = f"/api/v1/schedules/{schedule}/outbound_calls"
    assert len(await stand.ask("GET", path)) == 1
    assert len(await stand.ask("GET", path, params={"is_test_call": "true"})) == 1
    assert await stand.ask("GET", path, params={"is_test_call": "false"}) == []


async def test_who_was_not_reached_gets_a_message(stand: Standing) -> None:
    """After the last attempt, once, in as many segments as its characters take."""
    rule = {"on": "no_answer", "text": "{{last_name}}様、お電話しましたがつながりませんでした。"}
    schedule = await stand.schedule(retry_intervals=[0], notifications=[rule])
    call = await stand.add(schedule, phone_number=NEVER_ANSWERS, last_name="山田" * 20)
    await stand.change(schedule, is_enabled=True)
    told = await stand.until(call, lambda shown: bool(shown["outbound_calls_notifications"]))
    done = await stand.until(
        told, lambda shown: shown["outbound_calls_notifications"][0]["status"] == "delivered"
    )
    assert dialled(done) == 2
    assert done["outbound_calls_notifications"][0]["message_count"] == 1


async def test_a_disabled_campaign_holds_its_schedules(stand: Standing) -> None:
    """An enabled schedule waits while its campaign is disabled."""
    campaign = await stand.ask("POST", "/api/v1/campaigns", 201, json={"name": "C", "is_enabled": False})
    path = f"/api/v1/campaigns/{campaign['uid']}"
    made = await stand.ask("POST", f"{path}/schedules", 201, json={"name": "S"})
    call = await stand.add(made["uid"])
    await stand.change(made["uid"], is_enabled=True)
    assert await still_waits(stand, call)
    await stand.ask("PATCH", path, json={"is_enabled": True})
    assert (await stand.ended(call))["status"] == "completed"
