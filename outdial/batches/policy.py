"""The policy a call is dialled under, read when it is needed: its own, else that of its batch, else the account's."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from outdial.models import Account, Batch, BatchStatus, Call
from outdial.policy import RetryPolicy
from outdial.store import batches
from outdial.windows import CallingHours


@dataclass(frozen=True)
class CallPolicy:
    """What holds for one call at this moment."""

    retry: RetryPolicy
    calling_hours: CallingHours | None
    expires_at: datetime | None
    batch: Batch | None

    @property
    def canceled(self) -> bool:
        """Whether the batch was canceled: nothing of it is dialled any more."""
        return self.batch is not None and self.batch.status is BatchStatus.CANCELED


def policy_of(session: Session, call: Call) -> CallPolicy:
    """The effective policy of this call."""
    account = session.get_one(Account, call.account_id)
    batch = batches.of_call(session, call)
    retry = call.retry or (batch and batch.retry) or {}
    hours = call.calling_hours or (batch and batch.calling_hours) or account.calling_hours
    ends = [end for end in (call.expires_at, batch and batch.ends_at) if end is not None]
    return CallPolicy(
        RetryPolicy.model_validate(retry),
        CallingHours.model_validate(hours) if hours else None,
        min(ends, default=None),
        batch,
    )
