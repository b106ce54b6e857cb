"""Scheduled calls once they are there: listed, read, moved, canceled; and consent to them."""

from datetime import UTC, datetime, timedelta

import pytest

from outdial.models import CallStatus
from outdial.models.base import utc_now
from tests.api.serving import Api
from tests.dialects.test_temphone import HELLO, TIME, URL, a_contact, in_an_hour, refusal, refused, schedule


def test_consent_is_asked_for_where_the_account_requires_it(lite: Api) -> None:
    """A contact without consent is refused; with it, accepted; after revoking it, refused again."""
    lite.client.patch("/v1/account", json={"consent_required": True})
    contact = a_contact(lite)["id"]
    assert "consent" in refused(lite, contact_id=contact)[1]
    lite.client.post(f"/v1/contacts/{contact}/consents", json={"kind": "written", "source": "form"})
    assert schedule(lite, contact_id=contact)
    lite.client.post(f"/v1/contacts/{contact}/consents/revoke")
    assert refused(lite, contact_id=contact)[0] == 400


def test_scheduled_calls_are_listed_and_read(api: Api) -> None:
    """The list has those of this route only, newest first and page by page."""
    contact = a_contact(api)["id"]
    ids = [schedule(api, contact_id=contact)["call_id"] for _ in range(3)]
    api.place(recipient_phone="+14155550142")
    first = api.client.get(URL, params={"limit": 2}).json()
    rest = api.client.get(URL, params={"cursor": first["next_cursor"]}).json()
    assert [call["call_id"] for call in first["data"] + rest["data"]] == ids[::-1]
    shown = api.client.get(f"{URL}/{ids[0]}").json()
    assert (shown["status"], shown["data"]["call_id"]) == ("success", ids[0])


def test_calls_of_others_and_of_other_kinds_are_not_found(lite: Api) -> None:
    """Neither a stranger's, nor one that was placed natively."""
    mine, native = schedule(lite)["call_id"], lite.place(recipient_phone="+12025550199")["id"]
    assert refusal(lite.stranger().get(f"{URL}/{mine}")) == (404, f"Scheduled call not found: {mine}.")
    assert refusal(lite.client.get(f"{URL}/{native}"))[0] == 404


def test_a_call_is_rescheduled(lite: Api) -> None:
    """The workflow is told, and the answer has the new time; a local one is read in the call's timezone."""
    call = schedule(lite)
    tomorrow = (utc_now() + timedelta(days=1)).date()
    response = lite.client.patch(f"{URL}/{call['call_id']}", json={"scheduled_at": f"{tomorrow}T12:00:00Z"})
    assert response.json()["data"]["scheduled_at"] == f"{tomorrow}T12:00:00Z"
    at = datetime(tomorrow.year, tomorrow.month, tomorrow.day, 12, tzinfo=UTC)
    assert lite.gateway.named("reschedule") == [(call["call_id"], at)]
    wrong = lite.client.patch(f"{URL}/{call['call_id']}", json={"scheduled_at": "yesterday"})
    assert refusal(wrong) == (400, TIME)


def test_a_call_is_moved_to_another_timezone(lite: Api) -> None:
    """The local time is read there, and it is the call's from then on."""
    call = schedule(lite)["call_id"]
    tomorrow = (utc_now() + timedelta(days=1)).date()
    moved = {"scheduled_at": f"{tomorrow}T12:00:00", "timezone": "Asia/Tokyo"}
    shown = lite.client.patch(f"{URL}/{call}", json=moved).json()["data"]
    assert (shown["scheduled_at"], shown["timezone"]) == (f"{tomorrow}T03:00:00Z", "Asia/Tokyo")
    wrong = lite.client.patch(f"{URL}/{call}", json={**moved, "timezone": "Mars"})
    assert refusal(wrong)[0] == 400
    assert lite.client.get(f"{URL}/{call}").json()["data"]["timezone"] == "Asia/Tokyo"


def test_a_call_is_canceled(lite: Api) -> None:
    """The workflow is told; until it has acted, the answer says that it will."""
    call = schedule(lite)["call_id"]
    response = lite.client.delete(f"{URL}/{call}")
    assert (response.status_code, response.json()["data"]["call_id"]) == (200, call)
    assert lite.gateway.named("cancel") == [call]


@pytest.mark.parametrize("status", [CallStatus.COMPLETED, CallStatus.CANCELED])
def test_what_has_ended_is_neither_moved_nor_canceled(lite: Api, status: CallStatus) -> None:
    """409 in the envelope, with the status."""
    call = schedule(lite)["call_id"]
    lite.change({"id": call}, status=status)
    moved = lite.client.patch(f"{URL}/{call}", json={"scheduled_at": in_an_hour()})
    assert refusal(moved) == refusal(lite.client.delete(f"{URL}/{call}"))
    assert refusal(moved) == (409, f"The call has already ended: {status}.")


def test_the_native_routes_still_read_the_call(lite: Api) -> None:
    """It is a call like any other."""
    call = schedule(lite)["call_id"]
    shown = lite.client.get(f"/v1/calls/{call}").json()
    assert (shown["initial_message"], shown["status"]) == (HELLO, "scheduled")
