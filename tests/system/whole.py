"""What must hold of a call however often something was killed under it."""

from outdial.models import Call
from outdial.vocabulary import CallStatus, Disposition
from tests.system.stand import Stand

TALK = [
    "agent: Hello Ada, this is Lakeside Dental.",
    "callee: Hello? Yes, speaking.",
    "agent: Thank you. I'd like to arrange this with you now, it takes a minute. Would that work for you?",
    "callee: Yes, that works for me. Tuesday at ten in the morning is fine.",
    "agent: Wonderful, I have noted that: Tuesday at ten in the morning. Is there anything else I can do for you?",
    "callee: No, that's all. Thank you.",
    "agent: Thank you for your time. Have a good day, goodbye.",
]


def assert_whole(stand: Stand, call: Call, point: str) -> None:
    """It completed, its transcript has no hole and no echo, and the carrier has one dial of it in its book."""
    row, attempts = stand.seen.row(call), stand.seen.attempts(call)
    assert (row.status, row.outcome) == (CallStatus.COMPLETED, "BOOKED"), point
    assert stand.seen.said(call) == TALK, point
    assert len(stand.told("call.completed")[call.id]) == 1, point
    assert [each.number for each in attempts] == list(range(1, row.attempts_made + 1)), point
    # What was proven never to have reached the carrier was made anew, as another attempt.
    placed = [each.dial_key for each in attempts if each.disposition is not Disposition.NOT_PLACED]
    assert stand.seen.dials(call) == placed, point
    assert len(placed) == 1, point
