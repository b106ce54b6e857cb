"""A delivery's workflow: in skipped time over days, with a real receiver and a real database."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.testservice.v1 import LockTimeSkippingRequest, UnlockTimeSkippingRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.webhooks import WebhookActivities
from engine.deliveries import redeliver, start_deliveries, workflow_id
from outdial.ids import new_id
from outdial.models import Delivery, DeliveryState, WebhookEndpoint
from outdial.store import deliveries
from outdial.store.database import Database
from outdial.webhooks import endpoints
from outdial.webhooks.delivery import ask_again
from outdial.webhooks.schedule import JITTER, PAUSES
from tests.build import a_call, an_account, an_agent
from tests.temporal_server import TEST_SERVER
from tests.webhooks.builders import (
    BOX,
    NOW,
    SETTINGS,
    a_delivery,
    an_endpoint,
    endpoint_now,
    stored,
    tries,
)
from tests.webhooks.receiver import Receiver, Reply, receiving
from workflows import names
from workflows.deliver_webhook import DeliverWebhook
from workflows.upkeep import Upkeep

pytestmark = pytest.mark.anyio


def server_time() -> datetime:
    """The test server's time, which it skips."""
    return activity.info().started_time


@asynccontextmanager
async def delivering(database: Database) -> AsyncGenerator[Client]:
    """A worker for webhooks on a server that skips time."""
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=TEST_SERVER
    ) as environment:
        activities = WebhookActivities(database, BOX, SETTINGS, server_time)
        async with Worker(
            environment.client,
            task_queue=names.WEBHOOK_QUEUE,
            workflows=[DeliverWebhook, Upkeep],
            activities=[activities.deliver, activities.mend_deliveries],
        ):
            yield environment.client


def handle_of(client: Client, delivery: Delivery) -> WorkflowHandle[Any, Any]:
    return client.get_workflow_handle(workflow_id(delivery.id))


async def ended(client: Client, delivery_id: str) -> str:
    """See it to its end, however many days that takes; only here time is skipped."""
    await client.test_service.unlock_time_skipping(UnlockTimeSkippingRequest())
    try:
        return await client.get_workflow_handle(workflow_id(delivery_id)).result()
    finally:
        await client.test_service.lock_time_skipping(LockTimeSkippingRequest())


async def delivered(client: Client, delivery: Delivery) -> str:
    """Start it and see it to its end."""
    await start_deliveries(client, [delivery.id])
    return await ended(client, delivery.id)


def owed_to(database: Database, url: str) -> tuple[WebhookEndpoint, str, Delivery]:
    """An endpoint at this address, its secret, and a delivery to it."""
    with database.write() as session:
        endpoint, secret = an_endpoint(session, an_account(session), url=url)
        return endpoint, secret, a_delivery(session, endpoint)


async def until(condition: Callable[[], bool]) -> None:
    """Return once it holds."""
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


async def test_it_is_delivered_at_once_and_verifies(some_database: Database) -> None:
    """One try, signed so that the published library accepts it, with the delivery's id."""
    with receiving() as receiver:
        _, secret, delivery = owed_to(some_database, receiver.url)
        async with delivering(some_database) as client:
            assert await delivered(client, delivery) == "delivered"
    sent = receiver.received[0]
    assert sent.verified_by(secret) == delivery.payload
    assert sent.headers["webhook-id"] == delivery.id
    assert sent.headers["content-type"] == "application/json"
    assert stored(some_database, delivery.id).state is DeliveryState.DELIVERED


async def test_it_is_tried_for_more_than_a_day_and_then_kept_as_dead(some_database: Database) -> None:
    """Eight tries with growing pauses, each within its jitter, the same id on all of them."""
    with receiving(Reply(500, body=b"broken")) as receiver:
        _, _, delivery = owed_to(some_database, receiver.url)
        async with delivering(some_database) as client:
            assert await delivered(client, delivery) == "dead"
            history = await handle_of(client, delivery).fetch_history()
    waited = [after.at - before.at for before, after in pairwise(tries(some_database, delivery.id))]
    for wait, pause in zip(waited, PAUSES, strict=True):
        assert pause * (1 - JITTER) <= wait.total_seconds() <= pause * (1 + JITTER) + 2
    assert sum(waited, timedelta()) > timedelta(days=1)
    assert {sent.headers["webhook-id"] for sent in receiver.received} == {delivery.id}
    assert stored(some_database, delivery.id).end_reason == "The last answer: HTTP 500."
    assert len(history.events) < 110


async def test_a_dead_delivery_is_delivered_when_asked_for_again(some_database: Database) -> None:
    """A fresh run of the same message: same id, tries counted on."""
    with receiving(*[Reply(500)] * 8, Reply(200)) as receiver:
        _, _, delivery = owed_to(some_database, receiver.url)
        async with delivering(some_database) as client:
            assert await delivered(client, delivery) == "dead"
            await ask(some_database, client, delivery)
            assert await ended(client, delivery.id) == "delivered"
    assert receiver.received[-1].headers["webhook-id"] == delivery.id
    row = stored(some_database, delivery.id)
    assert (row.state, row.tries) == (DeliveryState.DELIVERED, 9)


async def test_a_waiting_delivery_is_tried_at_once_when_asked_for(some_database: Database) -> None:
    """The wait is cut short; there is no second workflow."""
    with receiving(Reply(500), Reply(200)) as receiver:
        _, _, delivery = owed_to(some_database, receiver.url)
        async with delivering(some_database) as client:
            await start_deliveries(client, [delivery.id])
            await until(lambda: stored(some_database, delivery.id).tries == 1)
            await ask(some_database, client, delivery)
            await until(lambda: stored(some_database, delivery.id).tries == 2)
            assert await ended(client, delivery.id) == "delivered"
    first, second = tries(some_database, delivery.id)
    assert second.at - first.at < timedelta(seconds=4)


async def test_starting_twice_delivers_once(some_database: Database) -> None:
    """Neither a second start while it runs nor one after its end sends anything."""
    with receiving(Reply(delay=0.2)) as receiver:
        _, _, delivery = owed_to(some_database, receiver.url)
        async with delivering(some_database) as client:
            await start_deliveries(client, [delivery.id, delivery.id])
            assert await delivered(client, delivery) == "delivered"
            assert await delivered(client, delivery) == "delivered"
    assert len(receiver.received) == 1


async def test_retry_after_moves_the_next_try(some_database: Database) -> None:
    """A receiver that asks for ten minutes gets them."""
    with receiving(Reply(503, {"retry-after": "600"}), Reply(200)) as receiver:
        _, _, delivery = owed_to(some_database, receiver.url)
        async with delivering(some_database) as client:
            await delivered(client, delivery)
    first, second = tries(some_database, delivery.id)
    assert timedelta(seconds=599) < second.at - first.at < timedelta(seconds=610)


async def test_a_deleted_endpoint_gets_nothing_more(some_database: Database) -> None:
    """The delivery ends without another request."""
    with receiving(Reply(500)) as receiver:
        endpoint, _, delivery = owed_to(some_database, receiver.url)
        async with delivering(some_database) as client:
            await start_deliveries(client, [delivery.id])
            await until(lambda: stored(some_database, delivery.id).tries == 1)
            with some_database.write() as session:
                session.merge(endpoint).deleted_at = NOW
            assert await ended(client, delivery.id) == "dead"
    assert len(receiver.received) == 1
    assert stored(some_database, delivery.id).end_reason == "The endpoint was deleted."


async def test_gone_disables_the_endpoint_and_the_others_are_told(some_database: Database) -> None:
    """410 ends it at once, and the notice is on its way before the activity returns."""
    with receiving(Reply(410)) as gone, receiving() as other:
        endpoint, _, delivery = owed_to(some_database, gone.url)
        secret = add_endpoint(some_database, endpoint.account_id, other)
        async with delivering(some_database) as client:
            assert await delivered(client, delivery) == "dead"
            await until(lambda: len(other.received) == 1)
    notice = other.received[0].verified_by(secret)
    assert (notice["type"], notice["endpoint_id"]) == ("endpoint.disabled", endpoint.id)
    assert endpoint_now(some_database, endpoint).disabled_at is not None


async def test_a_calls_own_address_is_signed_with_the_accounts_secret(some_database: Database) -> None:
    """The account's secret is made at the first need, and is what verifies."""
    with receiving() as receiver:
        account_id, delivery = owed_to_own_address(some_database, receiver.url)
        async with delivering(some_database) as client:
            assert await delivered(client, delivery) == "delivered"
        with some_database.write() as session:
            secret = endpoints.account_secret(session, account_id, BOX)
    assert receiver.received[0].verified_by(secret) == {"a": 1}


async def test_while_a_secret_rotates_old_and_new_verify(some_database: Database) -> None:
    """Receivers change their secret when they like within the overlap."""
    with receiving() as receiver:
        endpoint, old, delivery = owed_to(some_database, receiver.url)
        with some_database.write() as session:
            row = session.merge(endpoint)
            new = endpoints.rotate_secret(row, box=BOX, now=datetime.now(NOW.tzinfo), overlap=3600)
        async with delivering(some_database) as client:
            await delivered(client, delivery)
    for secret in (old, new):
        assert receiver.received[0].verified_by(secret) == delivery.payload


async def test_a_refused_address_is_a_failed_try(some_database: Database) -> None:
    """Nobody is connected to, and the record says why without saying where."""
    _, _, delivery = owed_to(some_database, "http://10.0.0.1/hook")
    async with delivering(some_database) as client:
        assert await delivered(client, delivery) == "dead"
    assert {each.error for each in tries(some_database, delivery.id)} == {"the address is not a public one"}


async def test_a_delivery_that_is_not_there_ends(some_database: Database) -> None:
    """A workflow without a row does nothing and ends."""
    async with delivering(some_database) as client:
        await start_deliveries(client, ["msg_unknown"])
        assert await ended(client, "msg_unknown") == "unknown"


async def test_asking_again_during_a_try_is_not_lost(some_database: Database) -> None:
    """The wish meets a request in flight, whose answer ends the delivery: it is begun anew all the same."""
    with receiving(Reply(410, delay=0.5), Reply(200)) as receiver:
        account_id, delivery = owed_to_own_address(some_database, receiver.url)
        with some_database.write() as session:
            endpoints.account_secret(session, account_id, BOX)
        async with delivering(some_database) as client:
            await start_deliveries(client, [delivery.id])
            await until(lambda: len(receiver.received) == 1)
            await ask(some_database, client, delivery)
            assert await ended(client, delivery.id) == "delivered"


async def test_what_a_crash_left_unstarted_is_mended(some_database: Database) -> None:
    """A delivery that is recorded and was never started is found, started and delivered; once."""
    with receiving() as receiver:
        _, _, lost = owed_to(some_database, receiver.url)
        async with delivering(some_database) as client:
            assert await upkeep(client) == 1
            assert await ended(client, lost.id) == "delivered"
            assert await upkeep(client) == 0
    assert len(receiver.received) == 1


async def upkeep(client: Client) -> int:
    """One round of mending; answers how many were started."""
    return await client.execute_workflow(
        Upkeep.run, names.MEND_DELIVERIES, id=f"mend-{new_id('x')}", task_queue=names.WEBHOOK_QUEUE
    )


def owed_to_own_address(database: Database, url: str) -> tuple[str, Delivery]:
    """An account, and a delivery to the address that one of its calls names."""
    with database.write() as session:
        call = a_call(session, an_agent(session))
        delivery = Delivery(
            account_id=call.account_id, url=url, event_type="x", payload={"a": 1}, next_try_at=NOW
        )
        session.add(delivery)
    return call.account_id, delivery


async def ask(database: Database, client: Client, delivery: Delivery) -> None:
    """What the route for redelivery does."""
    with database.write() as session:
        ask_again(deliveries.locked(session, delivery.id), datetime.now(NOW.tzinfo))
    await redeliver(client, delivery.id)


def add_endpoint(database: Database, account_id: str, receiver: Receiver) -> str:
    """Another endpoint of the account; answers with its secret."""
    with database.write() as session:
        _, secret = endpoints.create(session, account_id, receiver.url, events=[], description="", box=BOX)
    return secret
