"""Writing down which messages are owed for a call, in the transaction that ends it."""

from datetime import datetime

from sqlmodel import Session

from outdial.errors import Invalid
from outdial.models import Batch, Call, Notification, NotificationStatus
from outdial.notifications.policy import NotificationRule, trigger_of
from outdial.notifications.segments import count_segments
from outdial.store import batches
from outdial.variables import render


def owe(session: Session, call: Call, now: datetime) -> None:
    """Note the message that the call's schedule wants sent at this end of it."""
    batch = batches.find(session, call.schedule_id) if call.schedule_id else None
    for rule in _rules(batch, call):
        text, error = _rendered(rule, call)
        session.add(
            Notification(
                account_id=call.account_id,
                call_id=call.id,
                trigger=rule.trigger,
                run=call.runs,
                number=call.number,
                text=text,
                message_count=count_segments(text),
                status=NotificationStatus.FAILED if error else NotificationStatus.QUEUED,
                error=error,
                created_at=now,
                updated_at=now,
            )
        )


def _rules(batch: Batch | None, call: Call) -> list[NotificationRule]:
    trigger = trigger_of(call.status, call.disposition)
    rules = [NotificationRule.model_validate(rule) for rule in batch.notifications] if batch else []
    return [rule for rule in rules if rule.trigger is trigger]


def _rendered(rule: NotificationRule, call: Call) -> tuple[str, str | None]:
    """The message's text, or what is wrong with it."""
    try:
        return render(rule.text, call.variables), None
    except Invalid as error:
        return rule.text, error.message
