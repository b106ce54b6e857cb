"""Retry policies: whether a call is dialled again after an attempt, and after how long."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

from outdial.vocabulary import Disposition

# A refusal, an invalid number or an unknown result is never dialled again.
RETRIED = frozenset({Disposition.NO_ANSWER, Disposition.BUSY, Disposition.VOICEMAIL, Disposition.FAILED})

# A dial proven never to have reached the carrier costs the person nothing, so it is made again without using
# up a retry: ever later, since the carrier may be away or ask to slow down, but not for ever: half an hour and more.
MOST_UNPLACED = 40
UNPLACED_WAIT = 1.0
LONGEST_UNPLACED_WAIT = 60.0


class RetryType(StrEnum):
    CONSISTENT = "consistent"
    BACKOFF = "backoff"


class RetryPolicy(BaseModel):
    """When an unsuccessful call is dialled again; there are as many retries as intervals.

    ``consistent`` waits ``intervals[n]`` seconds before retry n. ``backoff`` waits the first interval times
    ``factor`` to the power n, at most ``cap`` seconds. Either is spread by up to ``jitter`` of itself, later or
    sooner, where ``jitter`` is above 0; ``consistent`` uses its intervals as they are.
    """

    type: RetryType = RetryType.CONSISTENT
    intervals: list[Annotated[int, Field(ge=0, le=604_800)]] = Field(
        default_factory=list[int],
        max_length=10,
        description="Seconds before each retry; empty: never.",
        examples=[[300, 300]],
    )
    factor: float = Field(
        default=2.0, ge=1, le=10, description="backoff: how much longer each wait is than the last."
    )
    cap: float = Field(default=86_400, gt=0, le=604_800, description="backoff: the longest wait, in seconds.")
    jitter: float = Field(
        default=0.1, ge=0, le=0.5, description="backoff: the share of a wait by which it may vary."
    )

    def wait_before(self, retry: int, chance: float) -> float | None:
        """Seconds to wait before retry ``retry`` (0 is the first), None when they are used up.

        ``chance`` between 0 and 1 picks a point in the jitter.
        """
        if retry >= len(self.intervals):
            return None
        if self.type is RetryType.CONSISTENT:
            return float(self.intervals[retry])
        wait = min(self.intervals[0] * self.factor**retry, self.cap)
        return min(wait * (1 + self.jitter * (2 * chance - 1)), self.cap)


@dataclass(frozen=True)
class RetryDecision:
    """``after``: seconds until the next dial, None for no more. ``uses_retry``: whether it counts as a retry."""

    after: float | None
    uses_retry: bool = True


def decide_retry(
    policy: RetryPolicy,
    disposition: Disposition,
    *,
    retries_used: int,
    unplaced: int,
    retryable: bool,
    chance: float,
) -> RetryDecision:
    """Whether a call is dialled again after an attempt that ended so."""
    if disposition is Disposition.NOT_PLACED:
        wait = min(UNPLACED_WAIT * 2 ** max(unplaced - 1, 0), LONGEST_UNPLACED_WAIT)
        return RetryDecision(wait if unplaced <= MOST_UNPLACED else None, uses_retry=False)
    if disposition not in RETRIED or not retryable:
        return RetryDecision(None)
    return RetryDecision(policy.wait_before(retries_used, chance))
