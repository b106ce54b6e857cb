"""A call's workflow, by the real worker on a real dev server."""

import asyncio
from datetime import timedelta

import pytest

from outdial.carriers.base import CarrierEvent, EventKind
from outdial.models import CallStatus, Disposition, Progress
from outdial.models.base import utc_now
from outdial.store import do_not_call
from outdial.store.database import Database
from tests import running
from tests.running import running as worker
from workflows.messages import CallState, CarrierNews, Reschedule

pytestmark = pytest.mark.anyio

RETRY_ONCE = {"intervals": [0]}
# Fast enough not to wait for, slow enough to act in the middle of a call.
LIFELIKE = 20


async def test_a_person_who_answers_is_talked_to_and_understood(temporal: str, database: Database) -> None:
    """Asked for, dialled, talked, understood: completed, with outcome, summary, sentiment and transcript."""
    async with worker(temporal, database) as outdial:
        call = await outdial.call(running.BOOKS)
        assert (call.status, call.disposition, call.outcome) == (
            CallStatus.COMPLETED,
            Disposition.ANSWERED,
            "BOOKED",
        )
        assert call.summary
        assert call.sentiment == "positive"
        assert outdial.said(call)[0] == "agent: Hello Ada, this is Lakeside Dental."
        assert outdial.events(call) == [
            "attempt.dialling",
            "attempt.ringing",
            "attempt.answered",
            "attempt.ended",
            "call.extracted",
            "call.completed",
        ]


@pytest.mark.parametrize(
    ("number", "status", "disposition", "attempts"),
    [
        (running.REFUSES, "completed", "answered", 1),
        (running.BUSY_THEN_BOOKS, "completed", "answered", 2),
        (running.NEVER_ANSWERS, "failed", "no_answer", 2),
        (running.VOICEMAIL, "failed", "voicemail", 2),
        (running.CARRIER_FAILS, "failed", "failed", 2),
        (running.INVALID, "failed", "invalid_number", 1),
        (running.MUTE, "failed", "no_answer", 2),
        (running.LOST_ANSWER, "completed", "answered", 1),
    ],
)
async def test_every_fate_ends_in_a_terminal_state(
    temporal: str, some_database: Database, number: str, status: str, disposition: str, attempts: int
) -> None:
    """With one retry: each attempt is dialled at most once, and what can't change is not tried again."""
    async with worker(temporal, some_database) as outdial:
        call = await outdial.call(number, retry=RETRY_ONCE)
        assert (call.status, call.disposition, call.attempts_made) == (status, disposition, attempts)
        assert len(outdial.dials(call)) == len(set(outdial.dials(call)))
        assert all(attempt.ended_at for attempt in outdial.attempts(call))


async def test_a_dial_that_never_reached_the_carrier_is_made_again(
    temporal: str, some_database: Database
) -> None:
    """Proven absent, so another attempt is safe and costs no retry."""
    async with worker(temporal, some_database) as outdial:
        call = await outdial.call(running.UNREACHED)
        assert (call.status, call.attempts_made, call.retries_used) == ("completed", 2, 0)
        assert outdial.dials(call) == [f"{call.id}:2"]


async def test_whoever_asks_to_be_removed_is_never_dialled_again(
    temporal: str, some_database: Database
) -> None:
    """The opt-out is kept on the do-not-call list; the next call to that number is refused at dialling."""
    async with worker(temporal, some_database) as outdial:
        assert (await outdial.call(running.OPTS_OUT)).outcome == "OPT_OUT"
        again = await outdial.call(running.OPTS_OUT)
        assert (again.status, again.end_reason, again.attempts_made) == ("failed", "do_not_call", 0)
        assert outdial.dials(again) == []


async def test_a_call_waits_until_it_is_due(temporal: str, some_database: Database) -> None:
    """Nothing is dialled before."""
    async with worker(temporal, some_database) as outdial:
        due = utc_now() + timedelta(seconds=1)
        call = await outdial.call(due_at=due)
        assert outdial.attempts(call)[0].intended_at >= due


async def test_a_paused_call_is_not_dialled_until_it_is_resumed(
    temporal: str, some_database: Database
) -> None:
    """The row shows the pause; a due time that passes meanwhile is made up for at once."""
    async with worker(temporal, some_database) as outdial:
        call = await outdial.place(due_at=utc_now() + timedelta(seconds=0.5))
        await outdial.workflow(call).signal("pause")
        await asyncio.sleep(1)
        row = outdial.row(call)
        assert (row.paused, row.attempts_made) == (True, 0)
        await outdial.workflow(call).signal("resume")
        assert (await outdial.ended(call)).status == CallStatus.COMPLETED


async def test_a_pause_lets_a_live_conversation_end(temporal: str, some_database: Database) -> None:
    """Whoever is talking is not cut off."""
    async with worker(temporal, some_database, simulated_speed=LIFELIKE) as outdial:
        call = await outdial.place()
        await outdial.until(call, Progress.TALKING)
        await outdial.workflow(call).signal("pause")
        assert (await outdial.ended(call)).outcome == "BOOKED"


async def test_a_call_that_waits_is_cancelled_at_once(temporal: str, some_database: Database) -> None:
    """Without a dial."""
    async with worker(temporal, some_database) as outdial:
        call = await outdial.place(due_at=utc_now() + timedelta(days=1))
        await outdial.workflow(call).signal("cancel")
        ended = await outdial.ended(call)
        assert (ended.status, ended.attempts_made) == (CallStatus.CANCELED, 0)


@pytest.mark.parametrize("phase", [Progress.RINGING, Progress.TALKING])
async def test_cancelling_hangs_up(temporal: str, some_database: Database, phase: Progress) -> None:
    """A ringing phone stops, a conversation is cut; the line is free and nothing is retried."""
    async with worker(temporal, some_database, simulated_speed=LIFELIKE) as outdial:
        call = await outdial.place(retry=RETRY_ONCE)
        await outdial.until(call, phase)
        await outdial.workflow(call).signal("cancel")
        ended = await outdial.ended(call)
        [attempt] = outdial.attempts(call)
        assert ended.status == CallStatus.CANCELED
        assert attempt.ended_at is not None


async def test_temporal_s_own_cancel_means_the_same(temporal: str, some_database: Database) -> None:
    """An operator may press Cancel in the Temporal UI."""
    async with worker(temporal, some_database) as outdial:
        call = await outdial.place(due_at=utc_now() + timedelta(days=1))
        await outdial.workflow(call).cancel()
        assert (await outdial.ended(call)).status == CallStatus.CANCELED


async def test_a_call_can_be_given_another_time(temporal: str, some_database: Database) -> None:
    """Sooner, here."""
    async with worker(temporal, some_database) as outdial:
        call = await outdial.place(due_at=utc_now() + timedelta(days=1))
        await outdial.workflow(call).signal("reschedule", Reschedule(utc_now()))
        assert (await outdial.ended(call)).status == CallStatus.COMPLETED
        assert "call.rescheduled" in outdial.events(call)


async def test_a_call_waits_for_a_free_line(temporal: str, database: Database) -> None:
    """With one line, two calls are never live at once, and the second says why it waits."""
    async with worker(temporal, database, simulated_speed=LIFELIKE) as outdial:
        with database.write() as session:
            outdial.account.custom_lines = 1
            session.merge(outdial.account)
        first = await outdial.place()
        await outdial.until(first, Progress.TALKING)
        second = await outdial.place()
        waiting = await outdial.until(second, Progress.QUEUED)
        assert waiting.hold_reason == "All 1 lines of the account are in use."
        await asyncio.gather(outdial.ended(first), outdial.ended(second))
        [one], [other] = outdial.attempts(first), outdial.attempts(second)
        assert one.ended_at is not None
        assert one.ended_at <= other.intended_at


async def test_a_call_that_waits_for_a_line_can_be_cancelled(temporal: str, some_database: Database) -> None:
    """It does not have to get one first."""
    async with worker(temporal, some_database, simulated_speed=1) as outdial:
        with some_database.write() as session:
            outdial.account.custom_lines = 0
            session.merge(outdial.account)
        call = await outdial.place()
        await outdial.until(call, Progress.QUEUED)
        await outdial.workflow(call).signal("cancel")
        assert (await outdial.ended(call)).status == CallStatus.CANCELED


async def test_do_not_call_is_asked_at_the_instant_of_dialling(
    temporal: str, some_database: Database
) -> None:
    """A number that was listed after the call was accepted is not dialled."""
    async with worker(temporal, some_database) as outdial:
        call = await outdial.place(due_at=utc_now() + timedelta(seconds=0.5))
        with some_database.write() as session:
            do_not_call.add(session, call.account_id, call.number, source="api")
        ended = await outdial.ended(call)
        assert (ended.status, ended.end_reason) == (CallStatus.FAILED, "do_not_call")


async def test_an_operator_can_ask_where_a_call_stands(temporal: str, some_database: Database) -> None:
    """By a query, in the Temporal UI too."""
    async with worker(temporal, some_database) as outdial:
        call = await outdial.place(due_at=utc_now() + timedelta(days=1))
        state = await outdial.workflow(call).query("state", result_type=CallState)
        assert (state.phase, state.attempt, state.paused) == ("waiting", 0, False)


async def test_events_that_come_early_late_or_twice_change_nothing(
    temporal: str, some_database: Database
) -> None:
    """Carriers repeat themselves; a call is completed once."""
    async with worker(temporal, some_database, simulated_speed=LIFELIKE) as outdial:
        call = await outdial.place()
        for kind in (EventKind.RINGING, EventKind.RINGING, EventKind.INITIATED):
            await outdial.workflow(call).signal("carrier_event", CarrierNews(1, CarrierEvent(kind)))
        ended = await outdial.ended(call)
        assert ended.status == CallStatus.COMPLETED
        assert outdial.events(call).count("attempt.ringing") == 1


@pytest.mark.parametrize("speed", [1000, LIFELIKE])
async def test_the_history_of_an_answered_call_stays_small(
    temporal: str, some_database: Database, speed: float
) -> None:
    """At most 45 events, however fast people are; and no phone number in what Temporal indexes."""
    async with worker(temporal, some_database, simulated_speed=speed) as outdial:
        call = await outdial.call()
        history = await outdial.workflow(call).fetch_history()
        description = await outdial.workflow(call).describe()
        assert len(history.events) <= 45
        assert call.number not in str(description.raw_description.workflow_execution_info.search_attributes)
