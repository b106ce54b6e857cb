"""Asking Temporal to run an activity again, because what it waits for is not there yet."""

from datetime import timedelta

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory


def later(message: str, kind: str, seconds: float) -> ApplicationError:
    """Raise it to be run again after so many seconds; ``kind`` is shown in the Temporal UI."""
    # Benign: waiting is no error, and is not logged as one.
    return ApplicationError(
        message,
        type=kind,
        next_retry_delay=timedelta(seconds=seconds),
        category=ApplicationErrorCategory.BENIGN,
    )
