"""The do-not-call list out of files."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlmodel import select

from outdial.models import DoNotCall
from outdial.models.base import utc_now
from outdial.store import do_not_call
from tests.api.serving import Api

ADA, BOB = "+12025550123", "+12025550124"


def sent(api: Api, text: str, **fields: str) -> httpx.Response:
    return api.client.post("/v1/do-not-call/upload", files={"file": ("list.csv", text.encode())}, data=fields)


def listed(api: Api) -> dict[str, Any]:
    with api.database.read() as session:
        return {entry.number: entry for entry in session.exec(select(DoNotCall))}


def test_a_files_numbers_are_listed(enterprise: Api) -> None:
    """With their source and expiry; lines without a number are told, and duplicates count once."""
    expires = (utc_now() + timedelta(days=30)).replace(microsecond=0)
    text = f"phone,why\n{ADA},asked\nnonsense,\n{BOB},court\n{ADA},again\n"
    answer = sent(enterprise, text, source="regulator", expires_at=expires.isoformat())
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["added"], told["known"], told["rejected_count"]) == (2, 1, 1)
    assert [(line["line"], line["number"]) for line in told["rejected"]] == [(3, "nonsense")]
    entries = listed(enterprise)
    assert set(entries) == {ADA, BOB}
    assert (entries[ADA].source, entries[ADA].expires_at) == ("regulator", expires)


def test_who_is_listed_stays_for_the_longer_time(enterprise: Api) -> None:
    """A file never shortens what is on the list."""
    soon, late = utc_now() + timedelta(days=1), datetime(2100, 1, 1, tzinfo=UTC)
    with enterprise.database.write() as session:
        do_not_call.add(session, enterprise.account.id, ADA, source="person")
        do_not_call.add(session, enterprise.account.id, BOB, source="person", expires_at=soon)
    told = sent(enterprise, f"phone\n{ADA}\n{BOB}\n", expires_at=str(int(late.timestamp()))).json()
    assert (told["added"], told["known"]) == (0, 2)
    entries = listed(enterprise)
    assert (entries[ADA].expires_at, entries[BOB].expires_at) == (None, late)
    assert entries[ADA].source == "person"


def test_national_numbers_are_listed_where_a_region_is_given(enterprise: Api) -> None:
    """The column may have any name if it is given."""
    told = sent(enterprise, "wer\n030 12345678\n", column="wer", default_region="DE").json()
    assert told["added"] == 1
    assert set(listed(enterprise)) == {"+493012345678"}


def test_an_uploaded_number_is_scrubbed_from_the_next_batch(enterprise: Api) -> None:
    """The list holds from then on."""
    sent(enterprise, f"phone\n{ADA}\n")
    recipients = [{"phone": phone, "variables": {"first_name": "x"}} for phone in (ADA, BOB)]
    body = {"agent_id": enterprise.agent.id, "recipients": recipients}
    answer = enterprise.client.post("/v1/calls/batch", json=body).json()
    assert [(row["phone"], row["code"]) for row in answer["rejected"]] == [(ADA, "do_not_call")]
