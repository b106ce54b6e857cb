"""What is kept for a time only goes when its days are over, a few rows at a time; the rest stays."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event, func
from sqlmodel import col, select
from temporalio.testing import ActivityEnvironment

from activities import retention
from activities.retention import RetentionActivities
from outdial.ids import new_id
from outdial.models import (
    Agent,
    Attempt,
    CarrierReport,
    Delivery,
    DeliveryState,
    DeliveryTry,
    IdempotentRequest,
    Recording,
    Speaker,
    Turn,
)
from outdial.models.base import utc_now
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.retention import first_id
from tests.api.serving import an_api
from tests.build import a_call, an_account, an_attempt
from tests.temporal_server import HOST, free_port

NOW = utc_now()
DAYS = {"transcript_retention_days": 10, "payload_retention_days": 5, "media_retention_days": 3}


def retain(database: Database, job: str, **settings: Any) -> int:
    """Run that upkeep activity on a clock that stands at NOW; answers how much it deleted."""
    given = Settings.model_validate({**DAYS, **settings})
    activities = RetentionActivities(database, given, lambda: NOW)
    work: Callable[[], int] = getattr(activities, job)
    return ActivityEnvironment().run(work)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def a_talk(database: Database, at: datetime, *, live: bool = False, agent: Agent | None = None) -> str:
    """The id of an attempt in which three things were said then."""
    with database.write() as session:
        call = a_call(session, agent)
        spoken = an_attempt(session, call, intended_at=at, ended_at=None if live else at)
        same: dict[str, Any] = {"account_id": call.account_id, "attempt_id": spoken.id, "at": at}
        for position in range(3):
            session.add(Turn(**same, position=position, speaker=Speaker.AGENT, text="Hello"))
    return spoken.id


def words_of(database: Database, attempt: str) -> int:
    with database.read() as session:
        return session.exec(select(func.count()).where(col(Turn.attempt_id) == attempt)).one()


def a_delivery(database: Database, at: datetime, state: DeliveryState = DeliveryState.DELIVERED) -> str:
    """The id of a webhook of that time, tried once."""
    with database.write() as session:
        account = an_account(session)
        row_id = first_id("msg", at) + new_id("")[-16:]
        given: dict[str, Any] = {"id": row_id, "account_id": account.id, "created_at": at, "state": state}
        session.add(
            Delivery(**given, url="https://example.com", event_type="call.completed", payload={"a": 1})
        )
        session.flush()
        session.add(DeliveryTry(account_id=account.id, delivery_id=row_id, number=1, at=at, duration_ms=5))
    return row_id


def left(database: Database, model: Any) -> list[Any]:
    with database.read() as session:
        return list(session.exec(select(model.id)).all())


def test_words_go_when_their_days_are_over(database: Database) -> None:
    """What was said before goes whole; what was said since stays."""
    old, new = a_talk(database, ago(days=11)), a_talk(database, ago(days=9))
    assert retain(database, "forget_transcripts") == 3
    assert (words_of(database, old), words_of(database, new)) == (0, 3)
    assert retain(database, "forget_transcripts") == 0


def test_what_is_being_said_stays(database: Database) -> None:
    """A conversation that is still going on is not touched, and keeps no other one."""
    live, old = a_talk(database, ago(days=11), live=True), a_talk(database, ago(days=11))
    retain(database, "forget_transcripts")
    assert (words_of(database, live), words_of(database, old)) == (3, 0)


@pytest.mark.parametrize("job", ["forget_transcripts", "forget_payloads"])
def test_without_days_everything_stays(some_database: Database, job: str) -> None:
    """0 keeps it for ever."""
    a_talk(some_database, ago(days=5000))
    a_delivery(some_database, ago(days=5000))
    assert retain(some_database, job, transcript_retention_days=0, payload_retention_days=0) == 0


def test_a_page_at_a_time_is_deleted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much there is, each transaction is short."""
    monkeypatch.setattr(retention, "PAGE", 4)
    for _ in range(7):
        a_talk(database, ago(days=11))
        a_delivery(database, ago(days=11))
    commits = list[Any]()
    event.listen(database.engine, "commit", commits.append)
    assert retain(database, "forget_transcripts") == 21
    assert len(commits) > 3
    assert retain(database, "forget_payloads") == 7


def test_webhooks_go_with_what_was_sent_and_answered(database: Database) -> None:
    """Those that are over; one that was asked for again is still owed."""
    a_delivery(database, ago(days=6))
    a_delivery(database, ago(days=6), DeliveryState.DEAD)
    kept = [a_delivery(database, ago(days=6), DeliveryState.PENDING), a_delivery(database, ago(days=4))]
    retain(database, "forget_payloads")
    assert sorted(left(database, Delivery)) == sorted(kept)
    assert len(left(database, DeliveryTry)) == 2


def test_carriers_reports_go_once_they_were_told(database: Database) -> None:
    """A report that no workflow knows of yet stays, however old."""
    with database.write() as session:
        call = a_call(session)
        for number, (at, told) in enumerate([(ago(days=6), NOW), (ago(days=6), None), (ago(days=4), NOW)]):
            own: dict[str, Any] = {"account_id": call.account_id, "call_id": call.id, "event_id": str(number)}
            when: dict[str, Any] = {"received_at": at, "signalled_at": told}
            session.add(CarrierReport(**own, carrier="twilio", attempt=1, event={}, **when))
    assert retain(database, "forget_payloads") == 1
    assert len(left(database, CarrierReport)) == 2


def test_keys_of_requests_go_after_their_day(database: Database) -> None:
    """A request that can't be repeated any more is forgotten."""
    with database.write() as session:
        account = an_account(session)
        for key, hours in (("old", 25), ("new", 23)):
            row = IdempotentRequest(
                account_id=account.id, key=key, request_hash="", created_at=ago(hours=hours)
            )
            session.add(row)
    assert retain(database, "forget") == 1


def test_a_recording_that_the_carrier_keeps_holds_up_no_other(
    some_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them are tried in one round, in pages; what was not deleted is tried in the next one."""
    monkeypatch.setattr(retention, "PAGE", 2)
    attempt = a_talk(some_database, NOW)
    with some_database.write() as session:
        row = session.get_one(Attempt, attempt)
        of_attempt: dict[str, Any] = {
            "account_id": row.account_id,
            "call_id": row.call_id,
            "attempt_id": row.id,
        }
        for number in range(5):
            named: dict[str, Any] = {
                "carrier": "twilio",
                "carrier_recording_id": f"RE{number}",
                "path": f"a/{number}.mp3",
            }
            session.add(Recording(**of_attempt, **named, created_at=ago(days=4)))
    asked = list[str]()

    def delete(url: str, **_: Any) -> httpx.Response:
        asked.append(url)
        return httpx.Response(500 if "RE0" in url else 204)

    monkeypatch.setattr(httpx, "delete", delete)
    given = {"data": tmp_path, "twilio_api_url": f"http://{HOST}:{free_port()}"}
    assert retain(some_database, "delete_recordings", **given) == 4
    assert retain(some_database, "delete_recordings", **given) == 0
    assert len(asked) == 6


def test_a_call_says_that_its_transcript_is_gone(database: Database, tmp_path: Path) -> None:
    """Its attempts and its transcript say since when; there is no address of words any more."""
    with an_api(Settings(data=tmp_path), database) as api:
        call = _call_of(database, a_talk(database, ago(days=11), agent=api.agent))
        path = f"/v1/calls/{call}"
        assert api.client.get(path).json()["transcript_url"]
        retain(database, "forget_transcripts")
        shown, transcript = api.client.get(path).json(), api.client.get(f"{path}/transcript").json()
    assert shown["transcript_url"] is None
    assert datetime.fromisoformat(shown["attempts"][0]["transcript_deleted_at"]) == NOW
    assert [(one["turns"], one["deleted_at"] is None) for one in transcript["attempts"]] == [([], False)]


def _call_of(database: Database, attempt: str) -> str:
    with database.read() as session:
        return session.get_one(Attempt, attempt).call_id
