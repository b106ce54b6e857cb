"""Activities that block, and therefore run in threads."""

from collections.abc import Callable
from typing import TypeVar

from temporalio import activity

Activity = TypeVar("Activity", bound=Callable[..., object])


def blocking(name: str) -> Callable[[Activity], Activity]:
    """Define an activity that runs in a thread, and is left to end when it is canceled or has run out of time.

    The SDK would otherwise raise CancelledError in the thread wherever it happens to be: between taking a lock and
    being ready to release it, which then never happens, or between the carrier's answer and its being written down.
    Activities that may run for long ask ``is_told_to_stop`` between two steps.
    """
    return activity.defn(name=name, no_thread_cancel_exception=True)


def is_told_to_stop() -> bool:
    """Whether the activity that asks was canceled, ran out of time, or has a worker that wants to leave."""
    return activity.is_cancelled() or activity.is_worker_shutdown()
