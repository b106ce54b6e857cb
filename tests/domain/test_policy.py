"""Retry policies."""

import pytest

from outdial.policy import MOST_UNPLACED, RetryDecision, RetryPolicy, RetryType, decide_retry
from outdial.vocabulary import Disposition


def decide(
    disposition: Disposition,
    policy: RetryPolicy,
    retries_used: int = 0,
    *,
    unplaced: int = 1,
    retryable: bool = True,
) -> RetryDecision:
    return decide_retry(
        policy, disposition, retries_used=retries_used, unplaced=unplaced, retryable=retryable, chance=0.5
    )


def test_consistent_uses_its_intervals_in_order_and_then_stops() -> None:
    """The n-th retry waits the n-th interval; there are as many retries as intervals."""
    policy = RetryPolicy(intervals=[300, 60])
    waits = [decide(Disposition.NO_ANSWER, policy, used).after for used in range(3)]
    assert waits == [300, 60, None]


def test_consistent_is_not_jittered() -> None:
    """Given intervals are used as they are, whatever chance says."""
    policy = RetryPolicy(intervals=[300], jitter=0.5)
    assert {policy.wait_before(0, chance) for chance in (0, 0.3, 1)} == {300}


def test_backoff_grows_from_the_first_interval_up_to_the_cap() -> None:
    """Each wait is `factor` times the last, never longer than `cap`."""
    policy = RetryPolicy(type=RetryType.BACKOFF, intervals=[100, 1, 1, 1], factor=3, cap=1000, jitter=0)
    assert [policy.wait_before(retry, 0.5) for retry in range(5)] == [100, 300, 900, 1000, None]


def test_backoff_varies_by_its_jitter() -> None:
    """Chance 0 is the share sooner, chance 1 the share later."""
    policy = RetryPolicy(type=RetryType.BACKOFF, intervals=[100], jitter=0.2)
    assert (policy.wait_before(0, 0), policy.wait_before(0, 1)) == (80, 120)


def test_no_intervals_means_no_retry() -> None:
    """The default policy dials once."""
    assert decide(Disposition.BUSY, RetryPolicy()).after is None


@pytest.mark.parametrize(
    "disposition", [Disposition.BUSY, Disposition.NO_ANSWER, Disposition.VOICEMAIL, Disposition.FAILED]
)
def test_whoever_was_not_reached_is_dialled_again(disposition: Disposition) -> None:
    """Busy, no answer, voicemail and a carrier's failure are retried."""
    assert decide(disposition, RetryPolicy(intervals=[5])).after == 5


@pytest.mark.parametrize(
    "disposition",
    [Disposition.ANSWERED, Disposition.INVALID_NUMBER, Disposition.CANCELED, Disposition.UNKNOWN],
)
def test_what_is_settled_or_unknown_is_never_dialled_again(disposition: Disposition) -> None:
    """An unknown result above all: the person may have been called."""
    assert decide(disposition, RetryPolicy(intervals=[5])).after is None


def test_a_failure_that_a_retry_cannot_help_is_not_retried() -> None:
    """The carrier says so, for example where the country is not permitted."""
    assert decide(Disposition.FAILED, RetryPolicy(intervals=[5]), retryable=False).after is None


def test_a_dial_that_never_left_is_made_again_without_using_a_retry() -> None:
    """Nobody's phone rang; but not for ever."""
    first = decide(Disposition.NOT_PLACED, RetryPolicy(), unplaced=1)
    last = decide(Disposition.NOT_PLACED, RetryPolicy(), unplaced=MOST_UNPLACED + 1)
    assert first.after is not None
    assert not first.uses_retry
    assert last.after is None
