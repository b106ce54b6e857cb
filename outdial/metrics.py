"""What this process counts of its calls, in Prometheus' terms. Labels are words of ours: no number, id or name."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics
from sqlalchemy import event
from sqlmodel import Session

from outdial.models import Attempt, Call

# The moments at which counters were made tell nobody anything.
disable_created_metrics()

# In seconds: from what nobody notices to what is somebody's morning.
_LATENESS: Final = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 7_200)
_LATENCY: Final = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10)
_DELIVERY: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

CALLS_ENDED: Final = Counter(
    "outdial_calls_ended",
    "Calls that ended, by status and by how their last attempt did.",
    ["status", "disposition"],
)
ATTEMPTS_ENDED: Final = Counter(
    "outdial_attempts_ended", "Dials that ended, by carrier and disposition.", ["carrier", "disposition"]
)
LATENESS: Final = Histogram(
    "outdial_dial_lateness_seconds",
    "From when a dial was due to when the carrier was asked; held: a rule or a missing line kept it waiting.",
    ["kind", "held"],
    buckets=_LATENESS,
)
FIRST_WORD: Final = Histogram(
    "outdial_first_word_seconds", "From picking up to the agent's first word.", ["carrier"], buckets=_LATENCY
)
REPLY: Final = Histogram(
    "outdial_reply_seconds",
    "From the callee's last word to the agent's first, on real phones.",
    buckets=_LATENCY,
)
TALKS: Final = Gauge("outdial_talks", "Conversations on real phones that this process holds.")
WEBHOOK_TRIES: Final = Histogram(
    "outdial_webhook_try_seconds", "Webhook requests, by what followed.", ["state"], buckets=_DELIVERY
)


def count_call(session: Session, call: Call) -> None:
    """The call has ended; counted once its transaction is committed."""
    labels = CALLS_ENDED.labels(str(call.status), str(call.disposition or "none"))
    once_committed(session, labels.inc)


def count_attempt(session: Session, attempt: Attempt) -> None:
    """The attempt has ended; counted once its transaction is committed."""
    labels = ATTEMPTS_ENDED.labels(attempt.carrier, str(attempt.disposition or "unknown"))
    once_committed(session, labels.inc)


def observe_dial(call: Call, now: datetime, *, held: bool) -> None:
    """The carrier is being asked for the call now; ``held`` if something kept it waiting before."""
    kind = "call" if call.batch_id is None else "batch"
    LATENESS.labels(kind, "yes" if held else "no").observe(max(0.0, (now - call.due_at).total_seconds()))


def observe_turn(
    attempt: Attempt, since: datetime, at: datetime, latency_ms: int | None, *, first: bool
) -> None:
    """The agent has begun to speak; ``since`` is when it could have where the attempt does not tell."""
    if first:
        waited = at - (attempt.answered_at or since)
        FIRST_WORD.labels(attempt.carrier).observe(max(0.0, waited.total_seconds()))
    if latency_ms is not None:
        REPLY.observe(latency_ms / 1000)


def once_committed(session: Session, count: Callable[[], None]) -> None:
    """Count when the session's transaction commits, and not if it is rolled back."""

    def after(_session: Session) -> None:
        count()

    event.listen(session, "after_commit", after, once=True)
