"""Who is owed an event, and what it tells."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from outdial.carriers.base import CarrierEvent, EventKind
from outdial.lifecycle import Lifecycle
from outdial.links import LinkKind
from outdial.models import Account, AttemptState, Call, CallStatus, Delivery, Sentiment
from outdial.store.database import Database
from outdial.vocabulary import Disposition
from outdial.webhooks import endpoints
from outdial.webhooks.events import EventType, publish, publish_disabled
from tests.build import a_call, an_account, an_agent
from tests.webhooks.builders import LINKS, NOW, an_answered_attempt, an_endpoint


def a_call_of(session: Session, account: Account, **given: Any) -> Call:
    return a_call(session, an_agent(session, account), **given)


def told(session: Session, call: Call, what: EventType, **given: Any) -> list[Delivery]:
    """The deliveries that publishing wrote, in the order of their ids."""
    ids = publish(session, call, what, now=NOW, links=LINKS, **given)
    session.flush()
    return list(session.exec(select(Delivery).where(col(Delivery.id).in_(ids)).order_by(Delivery.id)))


@contextmanager
def statements(database: Database) -> Generator[list[str]]:
    """The SQL sent within the block."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)


def test_every_subscribed_endpoint_and_the_calls_own_address_are_owed(database: Database) -> None:
    """One delivery each: endpoints for all events, for this event, and the call's webhook_url."""
    with database.write() as session:
        account = an_account(session)
        for_all, _ = an_endpoint(session, account)
        for_this, _ = an_endpoint(session, account, "call.started", "call.failed")
        an_endpoint(session, account, "call.completed")
        call = a_call_of(session, account, webhook_url="https://own.example/")
        owed = told(session, call, EventType.CALL_STARTED)
    assert {delivery.endpoint_id for delivery in owed} == {for_all.id, for_this.id, None}
    assert {delivery.url for delivery in owed if delivery.endpoint_id is None} == {"https://own.example/"}
    assert all(delivery.next_try_at == NOW for delivery in owed)


def test_disabled_deleted_and_other_accounts_endpoints_are_owed_nothing(database: Database) -> None:
    """Only enabled endpoints of the call's own account hear of it."""
    with database.write() as session:
        account = an_account(session)
        disabled, _ = an_endpoint(session, account)
        endpoints.disable(disabled, "", NOW)
        deleted, _ = an_endpoint(session, account)
        deleted.deleted_at = NOW
        an_endpoint(session, an_account(session))
        assert told(session, a_call_of(session, account), EventType.CALL_STARTED) == []


def test_with_nobody_to_tell_it_costs_one_question(database: Database) -> None:
    """The hot path asks for endpoints once and writes nothing."""
    with database.write() as session:
        call = a_call(session)
        with statements(database) as sent:
            publish(session, call, EventType.CALL_STARTED, now=NOW, links=LINKS)
            session.flush()
    assert len(sent) == 1


def test_nothing_is_owed_if_the_change_is_rolled_back(database: Database) -> None:
    """Deliveries are written in the transaction of the change that they tell of."""
    with pytest.raises(ZeroDivisionError):
        _publish_and_fail(database)
    with database.read() as session:
        assert session.exec(select(Delivery)).all() == []


def test_an_event_tells_type_time_and_the_call(database: Database) -> None:
    """Standard Webhooks' type and timestamp stand beside the published names, flat."""
    with database.write() as session:
        account = an_account(session)
        an_endpoint(session, account)
        at = NOW + timedelta(hours=1)
        call = a_call_of(session, account, client_metadata={"crm": 7}, schedule_at=at, batch_id="batch_1")
        payload = told(session, call, EventType.CALL_SCHEDULED)[0].payload
    assert payload == {
        "type": "call.scheduled",
        "timestamp": "2026-03-01T12:00:00Z",
        "event_type": "call.scheduled",
        "batch_id": "batch_1",
        "call_id": call.id,
        "status": "scheduled",
        "agent_id": call.agent_id,
        "recipient_phone": "+12025550123",
        "schedule_at": int(at.timestamp()),
        "attempts": 0,
        "metadata": {"crm": 7},
    }
    assert list(payload)[:3] == ["type", "timestamp", "event_type"]


def test_a_completed_call_tells_what_came_of_it(database: Database) -> None:
    """Outcome, summary, sentiment, fields, duration and both links."""
    with database.write() as session:
        account = an_account(session)
        an_endpoint(session, account)
        call = a_call_of(session, account, **_booked())
        attempt = an_answered_attempt(session, call, recording="a.mp3")
        payload = told(session, call, EventType.CALL_COMPLETED, attempt=attempt)[0].payload
    assert payload["outcome"] == "BOOKED"
    assert payload["summary"] == "Friday 3 PM"
    assert payload["sentiment"] == "positive"
    assert payload["extracted"] == {"day": "Friday"}
    assert (payload["disposition"], payload["duration_seconds"], payload["attempts"]) == ("answered", 90, 1)
    assert _opens(payload["transcript_url"], LinkKind.TRANSCRIPT) == call.id
    assert _opens(payload["recording_url"], LinkKind.RECORDING) == call.id


@pytest.mark.parametrize(
    ("attempt", "transcript", "recording"),
    [
        ({}, True, False),
        ({"answered_at": None, "disposition": Disposition.BUSY}, False, False),
        ({"disposition": Disposition.VOICEMAIL}, False, False),
        ({"disposition": Disposition.VOICEMAIL, "recording": "a.mp3"}, False, True),
    ],
)
def test_links_are_null_where_there_is_nothing(
    database: Database, attempt: dict[str, Any], *, transcript: bool, recording: bool
) -> None:
    """No transcript where nobody talked, no recording where nothing was recorded."""
    with database.write() as session:
        account = an_account(session)
        an_endpoint(session, account)
        call = a_call_of(session, account, status=CallStatus.FAILED)
        last = an_answered_attempt(session, call, **attempt)
        payload = told(session, call, EventType.CALL_FAILED, attempt=last)[0].payload
    assert (payload["transcript_url"] is not None) == transcript
    assert (payload["recording_url"] is not None) == recording


def test_a_call_that_was_never_dialled_tells_its_end_too(database: Database) -> None:
    """Without an attempt nothing was talked, recorded or lasted."""
    with database.write() as session:
        account = an_account(session)
        an_endpoint(session, account)
        call = a_call_of(session, account, status=CallStatus.CANCELED)
        payload = told(session, call, EventType.CALL_CANCELED)[0].payload
    links = (payload["transcript_url"], payload["recording_url"], payload["duration_seconds"])
    assert links == (None, None, 0)


@pytest.mark.parametrize("kinds", [["answered"], ["machine"], ["ringing", "answered", "machine"]])
def test_whoever_picks_up_has_answered(database: Database, kinds: list[str]) -> None:
    """A person or a machine, told once."""
    with database.write() as session:
        account = an_account(session)
        an_endpoint(session, account)
        call = a_call_of(session, account)
        attempt = an_answered_attempt(session, call, state=AttemptState.PLACED, answered_by=None)
        heard = [CarrierEvent(EventKind(kind)) for kind in kinds]
        owed = Lifecycle(LINKS).carrier_events(session, call, attempt, heard, NOW)
        session.flush()
        assert [session.get_one(Delivery, one).event_type for one in owed] == ["call.answered"]


@pytest.mark.parametrize("before", [None, Disposition.NO_ANSWER])
def test_a_call_that_was_canceled_says_so(database: Database, before: Disposition | None) -> None:
    """Whatever its last attempt had come to, if there was one."""
    with database.write() as session:
        call = a_call_of(session, an_account(session), disposition=before)
        Lifecycle(LINKS).end_call(session, call, CallStatus.CANCELED, NOW)
        assert (call.status, call.end_reason, call.outcome) == (CallStatus.CANCELED, "canceled", "CANCELED")


def test_the_other_endpoints_hear_that_one_was_disabled(database: Database) -> None:
    """The notice goes to those that subscribe to it, not to the one that is disabled."""
    with database.write() as session:
        account = an_account(session)
        broken, _ = an_endpoint(session, account)
        other, _ = an_endpoint(session, account)
        an_endpoint(session, account, "call.completed")
        endpoints.disable(broken, "It answered 410 Gone.", NOW)
        assert len(publish_disabled(session, broken, NOW)) == 1
        session.flush()
        owed = session.exec(select(Delivery)).one()
    assert owed.endpoint_id == other.id
    assert owed.payload["endpoint_id"] == broken.id
    assert owed.payload["reason"] == "It answered 410 Gone."


def _booked() -> dict[str, Any]:
    return {
        "status": CallStatus.COMPLETED,
        "outcome": "BOOKED",
        "summary": "Friday 3 PM",
        "sentiment": Sentiment.POSITIVE,
        "extracted": {"day": "Friday"},
        "disposition": Disposition.ANSWERED,
        "attempts_made": 1,
    }


def _opens(url: str, kind: LinkKind) -> str:
    return LINKS.verify(kind, url.rpartition("/")[2], NOW)


def _publish_and_fail(database: Database) -> None:
    with database.write() as session:
        account = an_account(session)
        an_endpoint(session, account)
        told(session, a_call_of(session, account), EventType.CALL_STARTED)
        raise ZeroDivisionError
