"""Calls that between them take every path through the workflows, for histories that are kept."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from sqlmodel import col, select

from engine.deliveries import workflow_id as workflow_id_of
from outdial.carriers.base import CarrierEvent, EventKind
from outdial.models import BatchStatus, Call, Delivery
from outdial.models.base import utc_now
from outdial.store import do_not_call
from outdial.vocabulary import Disposition, Progress
from tests.batches.placing import Batches, numbers
from tests.build import an_account, an_agent
from tests.running import (
    BOOKS,
    BUSY_THEN_BOOKS,
    INVALID,
    LOST_ANSWER,
    MUTE,
    NEVER_ANSWERS,
    UNREACHED,
    VOICEMAIL,
    Running,
)
from workflows import names
from workflows.batch_messages import Cancel
from workflows.messages import CarrierNews, Reschedule
from workflows.upkeep import Upkeep

Scenario = Callable[[Running], Awaitable[str]]


async def answered(outdial: Running) -> str:
    """Rings, is answered, books."""
    return (await outdial.call(BOOKS)).id


async def busy_then_answered(outdial: Running) -> str:
    return (await outdial.call(BUSY_THEN_BOOKS, retry={"intervals": [1]})).id


async def never_answered(outdial: Running) -> str:
    return (await outdial.call(NEVER_ANSWERS)).id


async def voicemail(outdial: Running) -> str:
    return (await outdial.call(VOICEMAIL)).id


async def invalid(outdial: Running) -> str:
    return (await outdial.call(INVALID)).id


async def mute(outdial: Running) -> str:
    """Looked up after the carrier was silent for too long."""
    return (await outdial.call(MUTE)).id


async def lost_answer(outdial: Running) -> str:
    """The carrier's answer to the dial was lost; the dial was found."""
    return (await outdial.call(LOST_ANSWER)).id


async def unreached(outdial: Running) -> str:
    """The dial was proven never to have arrived; dialled anew."""
    return (await outdial.call(UNREACHED)).id


async def canceled_while_waiting(outdial: Running) -> str:
    call = await outdial.place(BOOKS, due_at=utc_now() + timedelta(days=1))
    await outdial.workflow(call).signal("cancel")
    return (await outdial.ended(call)).id


async def canceled_while_ringing(outdial: Running) -> str:
    call = await outdial.place(NEVER_ANSWERS)
    await outdial.until(call, "ringing")
    await outdial.workflow(call).signal("cancel")
    return (await outdial.ended(call)).id


async def canceled_while_talking(outdial: Running) -> str:
    call = await outdial.place(BOOKS)
    await outdial.until(call, "talking")
    await outdial.workflow(call).signal("cancel")
    return (await outdial.ended(call)).id


async def canceled_by_temporal(outdial: Running) -> str:
    """Temporal's own cancellation means the same."""
    call = await outdial.place(BOOKS)
    await outdial.until(call, "talking")
    await outdial.workflow(call).cancel()
    return (await outdial.ended(call)).id


async def paused_and_resumed(outdial: Running) -> str:
    """Paused while it waits, resumed after it was due."""
    call = await outdial.place(BOOKS, due_at=utc_now() + timedelta(seconds=1))
    await outdial.workflow(call).signal("pause")
    await asyncio.sleep(1.5)
    await outdial.workflow(call).signal("resume")
    return (await outdial.ended(call)).id


async def rescheduled(outdial: Running) -> str:
    call = await outdial.place(BOOKS, due_at=utc_now() + timedelta(days=1))
    await outdial.workflow(call).signal("reschedule", Reschedule(utc_now() + timedelta(seconds=1)))
    return (await outdial.ended(call)).id


async def held_by_calling_hours(outdial: Running) -> str:
    opens = utc_now() + timedelta(seconds=3)
    hours = {"start": _clock(opens), "end": _clock(opens - timedelta(minutes=1))}
    return (await outdial.call(BOOKS, calling_hours=hours, timezone="UTC")).id


async def refused_by_do_not_call(outdial: Running) -> str:
    number = "+12025550147"
    with outdial.database.write() as session:
        do_not_call.add(session, outdial.account.id, number, source="api")
    return (await outdial.call(number)).id


async def told_by_signals(outdial: Running) -> str:
    """A carrier whose events come as signals, as real ones do; one comes twice."""
    call = await outdial.place(MUTE)
    await outdial.until(call, "dialling")
    for event in (
        CarrierEvent(EventKind.RINGING),
        CarrierEvent(EventKind.RINGING),
        CarrierEvent(EventKind.ENDED, disposition=Disposition.BUSY),
    ):
        await outdial.workflow(call).signal("carrier_event", CarrierNews(1, event))
    return (await outdial.ended(call)).id


async def queued(outdial: Running) -> str:
    """Finds its account's only line taken, and is woken when that is free."""
    with outdial.database.write() as session:
        account = an_account(session, custom_lines=1)
        small = replace(outdial, account=account, agent=an_agent(session, account))
    first = await small.place(BOOKS)
    await small.until(first, Progress.TALKING)
    call = await small.place(BOOKS)
    await small.until(call, Progress.QUEUED)
    return (await small.ended(call)).id


async def moved_in_the_meantime(outdial: Running) -> str:
    """Not answered; moved to now while that is recorded, before the workflow has heard of the retry tomorrow."""
    call = await outdial.place(NEVER_ANSWERS, retry={"intervals": [86_400]})
    await outdial.until(call, Progress.RINGING)
    with outdial.database.write():  # the end can't be recorded meanwhile
        while names.CONCLUDE not in await _under_way(outdial, call):
            await asyncio.sleep(0.02)
        await outdial.workflow(call).signal("reschedule", Reschedule(utc_now()))
    return (await outdial.ended(call)).id


async def webhook_delivered(outdial: Running) -> str:
    """Taken at the second try."""
    with _Receiver(("127.0.0.1", 0), _FailsOnce) as receiver:
        Thread(target=receiver.serve_forever, daemon=True).start()
        call = await outdial.call(INVALID, webhook_url=f"http://127.0.0.1:{receiver.server_port}/")
        workflow_id = workflow_id_of(_first_delivery(outdial, call))
        await outdial.client.get_workflow_handle(workflow_id).result()
        receiver.shutdown()
    return workflow_id


async def batch_completed(outdial: Running) -> str:
    """Two people, paused and resumed on the way."""
    batches = Batches(outdial)
    batch = await batches.place(numbers(2), concurrency=1)
    await batches.workflow(batch).signal("pause")
    while (await asyncio.to_thread(batches.row, batch)).status is not BatchStatus.PAUSED:
        await asyncio.sleep(0.05)
    await batches.workflow(batch).signal("resume")
    await batches.ended(batch)
    return batch.id


async def batch_canceled(outdial: Running) -> str:
    """Before its time."""
    batches = Batches(outdial)
    batch = await batches.place(numbers(1, start=10), schedule_at=utc_now() + timedelta(days=1))
    await batches.workflow(batch).signal("cancel", Cancel(graceful=True))
    await batches.ended(batch)
    return batch.id


async def upkeep(outdial: Running) -> str:
    """One round of one job."""
    handle = await outdial.client.start_workflow(
        Upkeep.run, names.FORGET, id="outdial-forget", task_queue=outdial.settings.task_queue
    )
    await handle.result()
    return handle.id


async def _under_way(outdial: Running, call: Call) -> set[str]:
    """The activities that run or wait for the call."""
    described = await outdial.workflow(call).describe()
    return {each.activity_type.name for each in described.raw_description.pending_activities}


def _first_delivery(outdial: Running, call: Call) -> str:
    with outdial.database.read() as session:
        query = select(Delivery.id).where(Delivery.call_id == call.id).order_by(col(Delivery.id))
        return session.exec(query).all()[0]


class _Receiver(ThreadingHTTPServer):
    failed = False


class _FailsOnce(BaseHTTPRequestHandler):
    server: _Receiver  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        self.send_response(204 if self.server.failed else 503)
        self.end_headers()
        self.server.failed = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Quiet."""


def _clock(instant: datetime) -> str:
    return f"{instant:%H:%M:%S}"


SCENARIOS: tuple[Scenario, ...] = (
    answered,
    busy_then_answered,
    never_answered,
    voicemail,
    invalid,
    mute,
    lost_answer,
    unreached,
    canceled_while_waiting,
    canceled_while_ringing,
    canceled_while_talking,
    canceled_by_temporal,
    paused_and_resumed,
    rescheduled,
    held_by_calling_hours,
    refused_by_do_not_call,
    told_by_signals,
    queued,
    moved_in_the_meantime,
    webhook_delivered,
    batch_completed,
    batch_canceled,
    upkeep,
)
