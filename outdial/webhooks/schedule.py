"""When a delivery is tried again. Pure, so that the workflow may use it."""

# Seconds between the tries, as the Standard Webhooks specification suggests; 27 hours and a half in all.
PAUSES = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0)
# Each pause is drawn from this share of itself on either side, so that a flood does not return as one.
JITTER = 0.1
# The longest that a receiver's Retry-After is obeyed, seconds.
LONGEST_WAIT = 36_000.0
# An endpoint that did nothing but fail for so long (seconds) is disabled.
DISABLE_AFTER = 120 * 3_600.0

GONE = 410
_ASK_TO_WAIT = (429, 503)


def wait_for(status: int | None, retry_after: float | None, pause: float) -> float:
    """Seconds until the next try: ``pause``, or longer where the receiver asked for it, within bounds."""
    if status not in _ASK_TO_WAIT or retry_after is None:
        return pause
    return max(pause, min(retry_after, LONGEST_WAIT))
