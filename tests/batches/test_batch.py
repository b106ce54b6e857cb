"""The batch's workflow on a real server: it places its calls, within its lines, and ends."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlmodel import select
from temporalio.client import WorkflowHandle

from outdial.batches.request import Window
from outdial.models import Attempt, BatchStatus, CallStatus, Delivery
from outdial.models.base import utc_now
from outdial.policy import RetryPolicy
from outdial.store import do_not_call
from outdial.store.accounts import find_account
from outdial.store.database import Database
from outdial.windows import ALL_DAYS
from tests.batches.placing import Batches, most_at_once, numbers
from tests.running import running
from workflows.batch_messages import Cancel

pytestmark = pytest.mark.anyio

# Conversations take a second or so: long enough to be cut, or to be let end.
SLOW = 20
# Owners who are busy at the first dial and answer the next one.
BUSY_FIRST = [f"+1202{each}9002" for each in range(200, 230)]


async def test_a_batch_calls_everyone_within_its_lines(temporal: str, database: Database) -> None:
    """Every recipient is dialled once, never more at a time than the batch's concurrency."""
    async with running(temporal, database) as worker:
        batches = Batches(worker)
        batch = await batches.place(numbers(12), concurrency=3)
        progress = await batches.ended(batch)
    assert (progress.total, progress.completed, progress.pending) == (12, 12, 0)
    assert progress.outcomes == {"BOOKED": 12}
    assert progress.answer_rate == 1.0
    assert batches.row(batch).status is BatchStatus.COMPLETED
    attempts = batches.attempts(batch)
    assert len(attempts) == 12
    assert most_at_once(attempts) <= 3


async def test_it_starts_when_it_is_due(temporal: str, some_database: Database) -> None:
    """Nothing is dialled before ``schedule_at``."""
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        due = utc_now() + timedelta(seconds=6)
        batch = await batches.place(numbers(3), schedule_at=due)
        assert batches.row(batch).status is BatchStatus.SCHEDULED
        await batches.ended(batch)
    assert batches.attempts(batch)[0].intended_at >= due


async def test_it_is_reported_by_a_webhook(temporal: str, some_database: Database) -> None:
    """``batch.completed`` carries the counts, flat."""
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        batch = await batches.place(numbers(3), webhook_url="http://127.0.0.1:9/hook", metadata={"team": "a"})
        await batches.ended(batch)
    with some_database.read() as session:
        owed = session.exec(select(Delivery).where(Delivery.event_type == "batch.completed")).one()
    told = owed.payload
    assert (told["batch_id"], told["status"], told["total"], told["completed"]) == (
        batch.id,
        "completed",
        3,
        3,
    )
    assert (told["outcomes"], told["metadata"]) == ({"BOOKED": 3}, {"team": "a"})


async def test_a_pause_stops_dialling_and_lets_live_conversations_end(
    temporal: str, some_database: Database
) -> None:
    """After the pause is known nobody is dialled, nobody is cut, and a resume calls the rest."""
    async with running(temporal, some_database, simulated_speed=SLOW) as worker:
        batches = Batches(worker)
        batch = await batches.place(numbers(16), concurrency=4)
        await batches.until(batch, lambda progress: progress.completed >= 4)
        await batches.workflow(batch).signal("pause")
        asked = utc_now()
        await batches.until_status(batch, BatchStatus.PAUSED)
        quiet = await batches.until(batch, lambda progress: progress.in_progress == 0)
        await asyncio.sleep(2)
        assert batches.progress(batch).pending == quiet.pending > 0
        assert max(each.intended_at for each in batches.attempts(batch)) <= asked + timedelta(seconds=2)
        resumed = utc_now()
        await batches.workflow(batch).signal("resume")
        progress = await batches.ended(batch)
        assert any(each.intended_at > resumed for each in batches.attempts(batch))
    assert (progress.completed, progress.outcomes) == (16, {"BOOKED": 16})
    assert len(batches.attempts(batch)) == 16


async def test_a_cancel_ends_pending_calls_and_hangs_up_live_ones(
    temporal: str, some_database: Database
) -> None:
    """Every recipient is in a terminal state soon after."""
    async with running(temporal, some_database, simulated_speed=SLOW / 4) as worker:
        batches = Batches(worker)
        batch = await batches.place(numbers(20), concurrency=4)
        await batches.until(batch, lambda progress: progress.in_progress == 4)
        asked = utc_now()
        await batches.workflow(batch).signal("cancel", Cancel())
        progress = await batches.ended(batch)
    assert (progress.canceled, progress.pending, progress.in_progress) == (20, 0, 0)
    assert batches.row(batch).status is BatchStatus.CANCELED
    ended = [each.ended_at for each in batches.attempts(batch) if each.ended_at]
    assert max(ended) - asked < timedelta(seconds=5)


async def test_a_graceful_cancel_lets_live_conversations_end(temporal: str, some_database: Database) -> None:
    """Who is talking is talked to until the end; the others are not dialled."""
    async with running(temporal, some_database, simulated_speed=SLOW) as worker:
        batches = Batches(worker)
        batch = await batches.place(numbers(20), concurrency=4)
        await batches.until(batch, lambda progress: progress.in_progress == 4)
        live = [call.id for call in batches.calls(batch) if call.status is CallStatus.IN_PROGRESS]
        await batches.workflow(batch).signal("cancel", Cancel(graceful=True))
        progress = await batches.ended(batch)
    talked = {call.id: call.outcome for call in batches.calls(batch) if call.status is CallStatus.COMPLETED}
    assert set(live) <= set(talked)
    assert set(talked.values()) == {"BOOKED"}
    assert progress.canceled == 20 - len(talked)


async def test_a_batch_that_continues_as_new_every_few_calls_calls_everyone(
    temporal: str, some_database: Database
) -> None:
    """No run of it knows more than a few calls, and none is lost between two runs."""
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        batch = await batches.place(numbers(20), {"rounds_per_run": 1, "calls_per_round": 3}, concurrency=5)
        progress = await batches.ended(batch)
        runs = [run async for run in worker.client.list_workflows(f"WorkflowId = '{batch.id}'")]
        longest = max(
            [(await _history(worker.client.get_workflow_handle(run.id, run_id=run.run_id))) for run in runs]
        )
    assert progress.completed == 20
    assert len(batches.attempts(batch)) == 20
    assert len(runs) >= 7
    assert longest < 40


async def test_recipients_that_are_appended_while_it_runs_are_called(
    temporal: str, some_database: Database
) -> None:
    """Also those that come when the first ones have almost all ended."""
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        batch = await batches.place(numbers(6), concurrency=2)
        await batches.until(batch, lambda progress: progress.completed >= 4)
        taken = await asyncio.to_thread(batches.append, batch, numbers(6, start=4))
        await batches.workflow(batch).signal("appended")
        progress = await batches.ended(batch)
    assert (taken.accepted_count, taken.rejected_count) == (4, 2)
    assert (progress.total, progress.completed) == (10, 10)


async def test_an_append_wakes_a_batch_that_waits(temporal: str, some_database: Database) -> None:
    """A batch whose only call is in a long cooldown calls the new ones at once."""
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        batch = await batches.place(BUSY_FIRST[:1], retry=RetryPolicy(intervals=[3600]))
        await batches.until(batch, lambda progress: progress.pending == 1 and bool(batches.attempts(batch)))
        await asyncio.sleep(1)
        await asyncio.to_thread(batches.append, batch, numbers(3))
        await batches.workflow(batch).signal("appended")
        await batches.until(batch, lambda progress: progress.completed == 3)
        await batches.workflow(batch).signal("cancel", Cancel())
        progress = await batches.ended(batch)
    assert (progress.completed, progress.canceled) == (3, 1)


async def test_a_call_in_its_cooldown_holds_no_place(temporal: str, some_database: Database) -> None:
    """With one line everybody is dialled once before the first one is dialled again."""
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        batch = await batches.place(BUSY_FIRST[:6], concurrency=1, retry=RetryPolicy(intervals=[8]))
        progress = await batches.ended(batch)
    attempts = batches.attempts(batch)
    assert progress.completed == 6
    assert [each.number for each in attempts] == [1] * 6 + [2] * 6
    assert most_at_once(attempts) == 1


@pytest.mark.slow
async def test_retries_that_fall_due_together_take_turns(temporal: str, some_database: Database) -> None:
    """More retries than lines are queued and woken one by one; nobody polls for a line."""
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        batch = await batches.place(BUSY_FIRST, concurrency=2, retry=RetryPolicy(intervals=[1]))
        progress = await batches.ended(batch)
    attempts = batches.attempts(batch)
    assert (progress.completed, len(attempts)) == (len(BUSY_FIRST), 2 * len(BUSY_FIRST))
    assert most_at_once(attempts) <= 2


async def test_dials_are_as_far_apart_as_the_batch_wants(temporal: str, some_database: Database) -> None:
    """The spacing is between dials, whichever calls they belong to."""
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        batch = await batches.place(numbers(5), spacing_seconds=1)
        await batches.ended(batch)
    assert min(_gaps(batches.attempts(batch))) >= 1


async def test_two_batches_share_an_accounts_lines(temporal: str, some_database: Database) -> None:
    """They finish within a fifth of each other, and together keep to the account's lines."""
    async with running(temporal, some_database) as worker:
        _give_lines(some_database, worker.account.id, 4)
        batches = Batches(worker)
        first = await batches.place(numbers(25))
        second = await batches.place(numbers(25, start=100))
        await asyncio.gather(batches.ended(first), batches.ended(second))
    assert most_at_once(batches.attempts(first, second)) <= 4
    spans = [_span(batches.attempts(each)) for each in (first, second)]
    assert min(spans) / max(spans) > 0.8


async def test_calls_outside_batches_count_too(temporal: str, some_database: Database) -> None:
    """A batch and single calls together keep to the account's lines, and neither starves."""
    async with running(temporal, some_database) as worker:
        _give_lines(some_database, worker.account.id, 2)
        batches = Batches(worker)
        batch = await batches.place(numbers(100))
        await batches.until(batch, lambda progress: progress.completed >= 2)
        single = await worker.call("+12025550123")
        left = batches.progress(batch).pending
        await batches.workflow(batch).signal("cancel", Cancel())
        await batches.ended(batch)
    assert single.status is CallStatus.COMPLETED
    assert left > 0
    assert most_at_once([*batches.attempts(batch), *worker.attempts(single)]) <= 2


async def test_people_are_called_within_calling_hours_of_their_place(
    temporal: str, some_database: Database
) -> None:
    """Where it is night nobody is dialled, elsewhere everybody; the night does not hold up the day."""
    now = utc_now()
    awake = Window(
        start=(now - timedelta(hours=2)).time(), end=(now + timedelta(hours=2)).time(), days=ALL_DAYS
    )
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        far, near = ["+81312345678", "+81312345679"], ["+447400123456", "+447400123457", "+447400123458"]
        batch = await batches.place([*far, *near], concurrency=1, window=awake)
        await batches.until(batch, lambda progress: progress.completed == 3)
        await asyncio.sleep(1)
        assert {call.number for call in batches.calls(batch) if call.status is CallStatus.SCHEDULED} == set(
            far
        )
        assert not any(call.workflow_started for call in batches.calls(batch) if call.number in far)
        await batches.workflow(batch).signal("cancel", Cancel())
        await batches.ended(batch)


async def test_nobody_is_called_once_the_batchs_time_is_over(temporal: str, some_database: Database) -> None:
    """What was not dialled by then fails as expired, retries included."""
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        ends_at = utc_now() + timedelta(seconds=4)
        batch = await batches.place(
            [*BUSY_FIRST[:2], *numbers(8)],
            spacing_seconds=1.5,
            ends_at=ends_at,
            retry=RetryPolicy(intervals=[600]),
        )
        progress = await batches.ended(batch)
    reasons = [call.end_reason for call in batches.calls(batch) if call.status is CallStatus.FAILED]
    assert set(reasons) == {"expired"}
    assert progress.failed == len(reasons) >= 7
    assert all(each.intended_at < ends_at for each in batches.attempts(batch))


async def test_who_asks_not_to_be_called_meanwhile_is_not_dialled(
    temporal: str, some_database: Database
) -> None:
    """The list is asked again at the instant of dialling."""
    async with running(temporal, some_database) as worker:
        batches = Batches(worker)
        batch = (await asyncio.to_thread(batches.take, numbers(2))).batch
        with some_database.write() as session:
            do_not_call.add(session, worker.account.id, numbers(2)[0], source="test")
        await batches.start(batch)
        progress = await batches.ended(batch)
    assert progress.outcomes == {"DO_NOT_CALL": 1, "BOOKED": 1}
    assert len(batches.dials(batch)) == 1


@pytest.mark.slow
async def test_a_change_of_policy_reaches_calls_that_were_not_dialled_yet(
    temporal: str, some_database: Database
) -> None:
    """Lines are asked of the batch's row at every dial."""
    async with running(temporal, some_database, simulated_speed=SLOW) as worker:
        batches = Batches(worker)
        batch = await batches.place(numbers(16), concurrency=1)
        await batches.until(batch, lambda progress: progress.completed >= 1)
        with some_database.write() as session:
            row = session.merge(batches.row(batch))
            row.concurrency = 8
        await batches.ended(batch)
    assert 1 < most_at_once(batches.attempts(batch)) <= 8


def _give_lines(database: Database, account_id: str, lines: int) -> None:
    with database.write() as session:
        account = find_account(session, account_id)
        account.custom_lines = lines
        session.add(account)


def _gaps(attempts: list[Attempt]) -> list[float]:
    dialled = [each.intended_at for each in attempts]
    return [(later - before).total_seconds() for before, later in pairwise(dialled)]


def _span(attempts: list[Attempt]) -> float:
    ended = [each.ended_at for each in attempts if each.ended_at]
    return (max(ended) - attempts[0].intended_at).total_seconds()


async def _history(handle: "WorkflowHandle[object, object]") -> int:
    return len((await handle.fetch_history()).events)
