"""Calls of a schedule: added, tried out, cancelled, dialled again."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from outdial import numbers, quota
from outdial.batches.intake import STALE
from outdial.batches.request import Recipient, Taken
from outdial.batches.rows import RowIntake
from outdial.campaigns.person import Person
from outdial.campaigns.schedules import ScheduleOver, is_over
from outdial.errors import Conflict
from outdial.intake import Accepted, CallRequest, Intake, version_for
from outdial.lifecycle import Lifecycle, note
from outdial.models import Account, Batch, Call, CallStatus, Progress
from outdial.store.erasure import ERASED


def add_calls(
    session: Session,
    intake: Intake,
    account: Account,
    batch: Batch,
    recipients: Sequence[Recipient],
    *,
    force: bool,
    now: datetime,
) -> Taken:
    """Add calls to a locked schedule, which is to be told after the commit; what is unfit is left out.

    Raises Conflict while the schedule is enabled, but for ``force``, and once it is over; Forbidden where the
    account may not call out; LimitReached where fewer calls remain in the quota.
    """
    intake.check_enabled(account, test=batch.test)
    _check_takes(batch, now, force=force)
    batch.agent_version_id = version_for(session, account, batch.agent_id).id
    rows = RowIntake(session, account, batch, account.default_region)
    rows.check(session, recipients)
    rows.write(session, now)
    batch.rows, batch.variables = rows.next_row, list(rows.variables)
    batch.rejected += rows.taken.rejected_count
    session.add(batch)
    if not batch.test:
        quota.take(session, account.id, rows.taken.accepted_count)
    return rows.taken


def try_out(
    session: Session,
    intake: Intake,
    account: Account,
    batch: Batch,
    person: Person,
    *,
    test: bool,
    now: datetime,
) -> Accepted:
    """A test call: dialled at once, whatever the schedule's switch and hours say, and not among its calls.

    The account's own rules hold: do-not-call, consent, lines. Raises what ``Intake.accept_call`` raises.
    """
    number = numbers.read_any(person.phone_number, account.default_region, field="phone_number")
    request = CallRequest(
        agent_id=batch.agent_id,
        number=number,
        test=test,
        campaign_id=batch.campaign_id,
        variables=person.variables(),
        timezone=batch.timezone,
        caller_id=batch.caller_id,
    )
    accepted = intake.accept_call(session, account, request, now=now)
    call = accepted.call
    call.schedule_id, call.external_id = batch.id, person.external_id
    for name, value in person.columns().items():
        setattr(call, name, value)
    session.add(call)
    return accepted


def cancel_unstarted(session: Session, lifecycle: Lifecycle, call: Call, now: datetime) -> list[str]:
    """End a call that nobody has begun to dial: the deliveries owed for it."""
    return lifecycle.end_call(session, call, CallStatus.CANCELED, now, reason="canceled")


def dial_again(session: Session, batch: Batch, call: Call, now: datetime) -> None:
    """Put a call that has ended back into its schedule; it keeps its attempts and gets one more.

    Raises Conflict for a call that reached somebody or whose person was erased, and once the schedule is over.
    """
    if call.status is CallStatus.COMPLETED:
        raise Conflict("The call reached somebody; it is not dialled again.", code="call_completed")
    if call.number.startswith(ERASED):
        raise Conflict("The person was erased; there is nobody to call.", code="erased")
    if call.batch_id is not None and is_over(batch, now):
        raise ScheduleOver
    call.status, call.progress, call.paused = CallStatus.SCHEDULED, Progress.WAITING, False
    call.ended_at = call.end_reason = call.outcome = call.disposition = call.hold_reason = None
    call.due_at, call.workflow_started, call.runs = now, False, call.runs + 1
    note(session, call, "call.dialled_again", now)


def _check_takes(batch: Batch, now: datetime, *, force: bool) -> None:
    if is_over(batch, now):
        raise ScheduleOver
    if batch.enabled and not force:
        message = "The schedule is enabled. Disable it first, or add force=true to the address."
        raise Conflict(message, code="schedule_enabled")
    if batch.intake_at is not None and batch.intake_at > now - STALE:
        raise Conflict("An upload to this schedule is still being taken in.", code="in_flight")
