"""How activities are retried."""

from datetime import timedelta

from temporalio.common import RetryPolicy

# For work that must be done however long its parts are away.
UNTIL_DONE = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
)

# For a conversation, which another worker goes on with where one was lost. A database may be away for minutes; what
# fails for longer is a fault.
GO_ON = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=1.2,
    maximum_interval=timedelta(seconds=10),
    maximum_attempts=60,
)


def while_it_may_not_dial() -> RetryPolicy:
    """The activity says when it asks again; the server waits, and the history does not grow."""
    return RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1)
