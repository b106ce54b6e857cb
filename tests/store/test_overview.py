"""A day and a batch in numbers."""

from datetime import timedelta

from outdial.models import Attempt, Batch, CallStatus, Disposition
from outdial.models.base import utc_now
from outdial.store import overview, pulse
from outdial.store.database import Database
from tests.build import a_call, an_agent, version_of

NOW = utc_now().replace(second=30, microsecond=0)
MIDNIGHT = NOW - timedelta(hours=6)


def test_a_day_counts_the_calls_first_dialled_in_it(database: Database) -> None:
    """By answer and by outcome; another day's and another account's do not count."""
    with database.write() as session:
        agent = an_agent(session)
        for outcome, disposition in (
            ("BOOKED", Disposition.ANSWERED),
            ("BOOKED", Disposition.ANSWERED),
            ("NO_ANSWER", Disposition.NO_ANSWER),
        ):
            a_call(session, agent, started_at=NOW, outcome=outcome, disposition=disposition)
        a_call(session, agent, started_at=NOW, disposition=None)
        a_call(session, agent, started_at=MIDNIGHT - timedelta(hours=1), outcome="BOOKED")
        a_call(session, agent)
        a_call(session, started_at=NOW, outcome="BOOKED")
    with database.read() as session:
        day = overview.day_of(session, agent.account_id, MIDNIGHT)
    assert day == overview.Day(placed=4, answered=2, outcomes=[("BOOKED", 2), ("NO_ANSWER", 1)])


def test_what_needs_a_person_is_no_unanswered_call(database: Database) -> None:
    """A failure of the carrier does; that nobody picked up does not."""
    with database.write() as session:
        agent = an_agent(session)
        failed = a_call(session, agent, status=CallStatus.FAILED, disposition=Disposition.FAILED)
        a_call(session, agent, status=CallStatus.FAILED, disposition=Disposition.NO_ANSWER)
    with database.read() as session:
        found = overview.failed_for_a_person(session, agent.account_id, 5)
    assert [call.id for call in found] == [failed.id]


def test_a_batchs_dials_are_counted_by_the_minute(database: Database) -> None:
    """With those that were answered; outside the span none."""
    with database.write() as session:
        agent = an_agent(session)
        batch = Batch(
            account_id=agent.account_id,
            name="b",
            agent_id=agent.id,
            agent_version_id=version_of(session, agent).id,
            due_at=NOW,
            max_duration_seconds=900,
        )
        session.add(batch)
        session.flush()
        call = a_call(session, agent)
        for number, (minutes, answered) in enumerate([(0, True), (0, False), (2, True), (90, True)], 1):
            at = NOW - timedelta(minutes=minutes)
            attempt = Attempt(
                account_id=agent.account_id,
                batch_id=batch.id,
                call_id=call.id,
                number=number,
                dial_key=f"{call.id}:{number}",
                carrier="simulated",
                intended_at=at,
                answered_at=at if answered else None,
            )
            session.add(attempt)
    minute = NOW.replace(second=0)
    with database.read() as session:
        found = pulse.per_minute(session, batch, NOW - timedelta(hours=1), NOW)
        last = pulse.last_dial(session, batch)
    assert found == [(minute - timedelta(minutes=2), 1, 1), (minute, 2, 1)]
    assert last == NOW
