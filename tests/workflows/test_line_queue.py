"""Calls outside batches that find no line stand in a queue, and are woken one after the other."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.testing import ActivityEnvironment

from activities.upkeep import UpkeepActivities
from outdial.models import Account, Attempt, Batch, BatchStatus, Call
from outdial.models.base import utc_now
from outdial.sharing import next_in_line
from outdial.store import do_not_call, lines
from outdial.store.database import Database
from outdial.vocabulary import CallStatus, Progress
from tests.build import a_call, an_account, an_agent, an_attempt, version_of
from tests.running import Running, running
from worker import make_parts, utc_clock

pytestmark = pytest.mark.anyio

# Conversations of about a second.
LIFELIKE = 20
LISTED = "+12025550199"


@asynccontextmanager
async def with_lines(temporal: str, database: Database, number: int) -> AsyncGenerator[Running]:
    """A worker, and an account that has so many lines."""
    async with running(temporal, database, simulated_speed=LIFELIKE) as outdial:
        set_lines(outdial, number)
        yield outdial


def set_lines(outdial: Running, number: int) -> None:
    with outdial.database.write() as session:
        outdial.account.custom_lines = number
        session.merge(outdial.account)


async def in_a_queue(outdial: Running, number: int) -> list[Call]:
    """So many calls, each of which came when those before it were in the queue."""
    queue: list[Call] = []
    for _ in range(number):
        call = await outdial.place()
        await outdial.until(call, Progress.QUEUED)
        queue.append(call)
    return queue


async def dials_asked_for(outdial: Running, call: Call) -> tuple[int, int]:
    """How many dial activities its history has, and how often the server had to ask for one at the most."""
    history = await outdial.workflow(call).fetch_history()
    dials = {
        event.event_id
        for event in history.events
        if event.activity_task_scheduled_event_attributes.activity_type.name == "dial"
    }
    started = [
        event.activity_task_started_event_attributes
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
    ]
    return len(dials), max(each.attempt for each in started if each.scheduled_event_id in dials)


async def test_whoever_waits_longest_is_dialled_next(temporal: str, some_database: Database) -> None:
    """One line, one call on it and four in the queue: they are dialled in the order in which they came."""
    async with with_lines(temporal, some_database, 1) as outdial:
        first = await outdial.place()
        await outdial.until(first, Progress.TALKING)
        queue = await in_a_queue(outdial, 4)
        await asyncio.gather(*(outdial.ended(call) for call in (first, *queue)))
        attempts = [attempt for call in (first, *queue) for attempt in outdial.attempts(call)]
        assert len(attempts) == 5
        for before, after in pairwise(attempts):
            assert before.ended_at is not None
            assert before.ended_at <= after.intended_at


async def test_nobody_in_the_queue_asks_before_its_turn(temporal: str, some_database: Database) -> None:
    """Each asks when it is due and when it is woken, and costs nothing in between."""
    async with with_lines(temporal, some_database, 1) as outdial:
        first = await outdial.place()
        await outdial.until(first, Progress.TALKING)
        queue = await in_a_queue(outdial, 3)
        await asyncio.gather(*(outdial.ended(call) for call in queue))
        assert [await dials_asked_for(outdial, call) for call in queue] == [(2, 1)] * 3


async def test_a_call_that_may_not_be_dialled_passes_its_turn_on(
    temporal: str, some_database: Database
) -> None:
    """The one after it does not wait for another line to be free."""
    async with with_lines(temporal, some_database, 1) as outdial:
        first = await outdial.place()
        await outdial.until(first, Progress.TALKING)
        listed, next_one = await in_a_queue(outdial, 2)
        with some_database.write() as session:
            session.get_one(Call, listed.id).number = LISTED
            do_not_call.add(session, listed.account_id, LISTED, source="api")
        assert (await outdial.ended(listed)).end_reason == "do_not_call"
        assert (await outdial.ended(next_one)).status is CallStatus.COMPLETED


async def test_lines_that_were_added_are_used(temporal: str, some_database: Database) -> None:
    """Nobody's end wakes the queue then; upkeep does, and so it does where a signal was lost."""
    async with with_lines(temporal, some_database, 0) as outdial:
        queue = await in_a_queue(outdial, 3)
        set_lines(outdial, 2)
        parts = make_parts(outdial.settings, some_database, outdial.client, utc_clock)
        await ActivityEnvironment().run(UpkeepActivities(parts, outdial.client).sweep_lines)
        for call in queue:
            assert (await outdial.ended(call)).status is CallStatus.COMPLETED


def test_a_turn_that_was_not_taken_is_given_again(database: Database) -> None:
    """Whoever was to be told has died: after a while the call is next once more, and holds no place till then."""
    account, [first, second] = _queue(database, 2, lines=1)
    now = utc_now()
    assert _turns(database, account, now) == [first]
    assert _turns(database, account, now + timedelta(seconds=1)) == []
    later = now + lines.TURN_TAKEN_WITHIN + timedelta(seconds=1)
    assert _turns(database, account, later) == [first]
    _end(database, first)
    assert _turns(database, account, later) == [second]


def test_who_comes_takes_no_line_that_was_promised(database: Database) -> None:
    """A line that is free for a moment belongs to the one that was woken for it."""
    account, [first] = _queue(database, 1, lines=1)
    now = utc_now()
    with database.read() as session:
        assert lines.turns_given(session, account, now) == 0
    assert _turns(database, account, now) == [first]
    with database.read() as session:
        assert lines.turns_given(session, account, now) == 1


@pytest.mark.parametrize("change", [{"paused": True}, {"due_at": utc_now() + timedelta(days=1)}])
def test_a_call_that_is_not_to_be_dialled_now_holds_nobody_up(
    database: Database, change: dict[str, Any]
) -> None:
    """Paused or given another time while it was in the queue, it is passed over."""
    account, [first, second] = _queue(database, 2, lines=1)
    with database.write() as session:
        session.get_one(Call, first).sqlmodel_update(change)
    assert _turns(database, account) == [second]


def test_a_batch_leaves_the_queue_its_share(database: Database) -> None:
    """Four lines, a batch that wants all of them: the queue is given two."""
    account, queue = _queue(database, 4, lines=4)
    with database.write() as session:
        agent = an_agent(session, session.get_one(Account, account))
        batch = Batch(
            account_id=account,
            name="Reminders",
            agent_id=agent.id,
            agent_version_id=version_of(session, agent).id,
            due_at=utc_now(),
            status=BatchStatus.RUNNING,
            lines_wanted=4,
            max_duration_seconds=900,
        )
        session.add(batch)
    assert _turns(database, account) == queue[:2]


def test_nobody_is_woken_for_a_line_that_is_in_use(database: Database) -> None:
    """Also where a batch has more than its share: its calls are not cut, and the queue waits for them to end."""
    account, queue = _queue(database, 2, lines=2)
    attempts = [_live(database, account) for _ in range(2)]
    assert _turns(database, account) == []
    with database.write() as session:
        session.get_one(Attempt, attempts[0]).ended_at = utc_now()
    assert _turns(database, account) == queue[:1]


def test_the_accounts_with_a_queue_are_known(database: Database) -> None:
    """Those with calls outside batches that wait, each once."""
    account, _ = _queue(database, 2, lines=1)
    _queue(database, 0, lines=1)
    with database.read() as session:
        assert lines.accounts_that_queue(session) == [account]


def _live(database: Database, account: str) -> str:
    """An attempt of a call of somebody's, on the line."""
    with database.write() as session:
        agent = an_agent(session, session.get_one(Account, account))
        call = a_call(session, agent, status=CallStatus.IN_PROGRESS, progress=Progress.TALKING)
        return an_attempt(session, call).id


def _queue(database: Database, number: int, *, lines: int) -> tuple[str, list[str]]:
    """An account with that many calls in its queue, the longest waiting first."""
    with database.write() as session:
        account = an_account(session)
        account.custom_lines = lines
        agent = an_agent(session, account)
        due = utc_now() + timedelta(minutes=9)
        queue = [
            a_call(
                session,
                agent,
                progress=Progress.QUEUED,
                hold_reason="All lines are in use.",
                workflow_started=True,
                due_at=due + timedelta(seconds=place),
            )
            for place in range(number)
        ]
        return account.id, [call.id for call in queue]


def _turns(database: Database, account: str, now: Any = None) -> list[str]:
    with database.write() as session:
        return [*next_in_line(session, account, now or utc_now())]


def _end(database: Database, call: str) -> None:
    with database.write() as session:
        session.get_one(Call, call).ended_at = utc_now()
