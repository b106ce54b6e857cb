"""What follows from a try."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from outdial.models import Delivery, DeliveryState, WebhookEndpoint
from outdial.store import deliveries
from outdial.store.database import Database
from outdial.webhooks import endpoints
from outdial.webhooks.delivery import Verdict, ask_again, prepare, record, why_not
from outdial.webhooks.request import Answer
from outdial.webhooks.schedule import LONGEST_WAIT, PAUSES
from tests.build import a_call, an_account, an_agent
from tests.webhooks.builders import BOX, NOW, a_delivery, an_endpoint, endpoint_now, stored, tries


def owed(database: Database) -> tuple[WebhookEndpoint, Delivery]:
    """An endpoint and a delivery to it."""
    with database.write() as session:
        endpoint, _ = an_endpoint(session, an_account(session))
        return endpoint, a_delivery(session, endpoint)


def after(
    database: Database,
    delivery: Delivery,
    answer: Answer,
    *,
    pause: float | None = 5,
    now: datetime = NOW,
) -> Verdict:
    """The verdict once this answer was recorded."""
    with database.write() as session:
        message = prepare(session, deliveries.locked(session, delivery.id), BOX, now)
        return record(session, message, message.headers(now), answer, pause, now)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_success(database: Database, status: int) -> None:
    """The delivery is over and says when."""
    _, delivery = owed(database)
    assert after(database, delivery, Answer(status)).wait is None
    row = stored(database, delivery.id)
    assert (row.state, row.ended_at, row.next_try_at) == (DeliveryState.DELIVERED, NOW, None)


@pytest.mark.parametrize("status", [301, 400, 404, 500, None])
def test_anything_else_is_tried_again_after_the_pause(database: Database, status: int | None) -> None:
    """The row says when the next try is due."""
    _, delivery = owed(database)
    verdict = after(database, delivery, Answer(status, error=None if status else "no route"))
    row = stored(database, delivery.id)
    assert (row.state, verdict.wait) == (DeliveryState.PENDING, 5)
    assert row.next_try_at == NOW + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("status", "header", "wait"),
    [
        (429, "60", 60),
        (503, "60", 60),
        (429, "1", 5),
        (429, "99999999", LONGEST_WAIT),
        (500, "60", 5),
        (429, "x", 5),
    ],
)
def test_retry_after_is_honoured_within_bounds(
    database: Database, status: int, header: str, wait: float
) -> None:
    """Never sooner than our own pause, never later than the longest wait, and only for 429 and 503."""
    _, delivery = owed(database)
    assert after(database, delivery, Answer(status, retry_after=header)).wait == wait


def test_after_the_last_try_it_is_dead(database: Database) -> None:
    """Dead, with the reason."""
    _, delivery = owed(database)
    assert after(database, delivery, Answer(500), pause=None).wait is None
    row = stored(database, delivery.id)
    assert (row.state, row.end_reason) == (DeliveryState.DEAD, "The last answer: HTTP 500.")


def test_a_try_is_recorded_without_secrets(database: Database) -> None:
    """Number, time, duration, answer, and the request's headers without the signature."""
    _, delivery = owed(database)
    after(database, delivery, Answer(500, body="oops", duration_ms=1500))
    after(database, delivery, Answer(None, error="no route"))
    first, second = tries(database, delivery.id)
    assert (first.number, first.status_code, first.response_body, first.duration_ms) == (1, 500, "oops", 1500)
    assert first.at == NOW - timedelta(milliseconds=1500)
    assert (second.number, second.status_code, second.error) == (2, None, "no route")
    assert set(first.request_headers) == {"content-type", "user-agent", "webhook-id", "webhook-timestamp"}


def test_410_disables_the_endpoint_and_tells_the_others(database: Database) -> None:
    """Gone means gone: this delivery is dead, and so is the endpoint."""
    endpoint, delivery = owed(database)
    with database.write() as session:
        other = WebhookEndpoint(
            account_id=endpoint.account_id, url="https://b.example", secret=endpoint.secret
        )
        session.add(other)
    verdict = after(database, delivery, Answer(410))
    assert (verdict.state, verdict.wait, len(verdict.notices)) == (DeliveryState.DEAD, None, 1)
    row = endpoint_now(database, endpoint)
    assert (row.disabled_at, row.disabled_reason) == (NOW, "It answered 410 Gone.")


def test_five_days_of_nothing_but_failures_disable_the_endpoint(database: Database) -> None:
    """The clock starts at the first failure and is checked at each further one."""
    endpoint, delivery = owed(database)
    after(database, delivery, Answer(500))
    after(database, delivery, Answer(500), now=NOW + timedelta(hours=119))
    assert endpoint_now(database, endpoint).disabled_at is None
    after(database, delivery, Answer(500), now=NOW + timedelta(hours=120))
    row = endpoint_now(database, endpoint)
    assert row.disabled_reason == "Nothing but failures for 120 hours."
    assert stored(database, delivery.id).state is DeliveryState.DEAD


def test_one_success_starts_the_count_anew(database: Database) -> None:
    """An endpoint that works now and then is kept."""
    endpoint, delivery = owed(database)
    after(database, delivery, Answer(500))
    after(database, delivery, Answer(200), now=NOW + timedelta(hours=1))
    assert endpoint_now(database, endpoint).failing_since is None


def test_it_is_disabled_once_however_many_tries_find_out(database: Database) -> None:
    """Two deliveries that both end in 410 make one notice."""
    endpoint, first = owed(database)
    with database.write() as session:
        second = a_delivery(session, endpoint)
        session.add(
            WebhookEndpoint(account_id=endpoint.account_id, url="https://b.example", secret=endpoint.secret)
        )
    after(database, first, Answer(410))
    after(database, second, Answer(410), now=NOW + timedelta(seconds=1))
    with database.read() as session:
        notices = session.exec(select(Delivery).where(Delivery.event_type == "endpoint.disabled")).all()
    assert len(notices) == 1


def test_410_of_a_calls_own_address_ends_that_delivery(database: Database) -> None:
    """There is no endpoint to disable."""
    with database.write() as session:
        call = a_call(session, an_agent(session), webhook_url="https://own.example")
        endpoints.account_secret(session, call.account_id, BOX)
        delivery = Delivery(account_id=call.account_id, url="https://own.example", event_type="x", payload={})
        session.add(delivery)
    assert after(database, delivery, Answer(410)).state is DeliveryState.DEAD


def test_the_present_address_of_the_endpoint_is_used(database: Database) -> None:
    """A corrected address serves deliveries that were owed before."""
    endpoint, delivery = owed(database)
    with database.write() as session:
        session.merge(endpoint).url = "https://new.example"
    after(database, delivery, Answer(200))
    assert stored(database, delivery.id).url == "https://new.example"


def test_nothing_is_sent_to_disabled_and_deleted_endpoints(database: Database) -> None:
    """The reason is told."""
    endpoint, delivery = owed(database)
    with database.write() as session:
        row = session.merge(endpoint)
        assert why_not(session, delivery) is None
        endpoints.disable(row, "", NOW)
        session.flush()
        assert why_not(session, delivery) == "The endpoint is disabled."
        row.deleted_at = NOW
        assert why_not(session, delivery) == "The endpoint was deleted."


def test_a_dead_delivery_can_be_owed_again(database: Database) -> None:
    """It is pending as at first, and what was tried stays on record."""
    _, delivery = owed(database)
    after(database, delivery, Answer(500), pause=None)
    with database.write() as session:
        ask_again(deliveries.locked(session, delivery.id), NOW)
    row = stored(database, delivery.id)
    assert (row.state, row.next_try_at, row.end_reason, row.tries) == (DeliveryState.PENDING, NOW, None, 1)


def test_the_body_is_the_same_on_every_try(database: Database) -> None:
    """A receiver that compares bodies sees one message."""
    _, delivery = owed(database)
    with database.read() as session:
        bodies = {prepare(session, stored(database, delivery.id), BOX, NOW).body for _ in range(2)}
    assert bodies == {'{"event_type":"call.started","call_id":"call_1"}'}


def test_the_tries_span_more_than_a_day() -> None:
    """Even with every pause drawn short."""
    assert sum(PAUSES) * 0.9 > 24 * 3600


def test_what_is_overdue_is_found_and_put_off(database: Database) -> None:
    """Only pending deliveries whose time has passed; those put off are not found again at once."""
    endpoint, late = owed(database)
    with database.write() as session:
        a_delivery(session, endpoint, next_try_at=NOW + timedelta(minutes=5))
        a_delivery(session, endpoint, state=DeliveryState.DEAD)
        before = NOW + timedelta(minutes=2)
        assert deliveries.overdue(session, before, limit=10) == [late.id]
        deliveries.put_off(session, [late.id], before, before)
        assert deliveries.overdue(session, before, limit=10) == []
