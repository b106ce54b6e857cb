"""An attempt as its workflow sees it."""

from itertools import permutations

from outdial.carriers.base import CarrierEvent, EventKind
from outdial.vocabulary import Disposition
from workflows.line import Line

RINGING = CarrierEvent(EventKind.RINGING)
ANSWERED = CarrierEvent(EventKind.ANSWERED)
MACHINE = CarrierEvent(EventKind.MACHINE)
ENDED = CarrierEvent(EventKind.ENDED, disposition=Disposition.ANSWERED)


def line_after(*events: CarrierEvent) -> Line:
    line = Line(1)
    for event in events:
        line.hear(event)
    return line


def test_an_end_is_final_in_whatever_order_events_arrive() -> None:
    """Late and repeated events change nothing."""
    for order in permutations([RINGING, ANSWERED, ENDED, ENDED]):
        assert line_after(*order).end == ENDED


def test_ringing_after_an_answer_is_not_kept() -> None:
    """The state only goes forward."""
    assert line_after(ANSWERED, RINGING).take_unkept() == [ANSWERED]


def test_events_are_given_away_once() -> None:
    """What an activity was given to keep is not given to the next."""
    line = line_after(RINGING)
    assert line.take_unkept() == [RINGING]
    assert line.take_unkept() == []


def test_what_could_not_be_kept_comes_first_next_time() -> None:
    """An activity that never began leaves its events to the next one, in their order."""
    line = line_after(RINGING)
    given = line.take_unkept()
    line.hear(ANSWERED)
    line.give_back(given)
    assert line.take_unkept() == [RINGING, ANSWERED]


def test_a_machine_may_be_heard_after_the_answer() -> None:
    """Machine detection speaks some seconds after the line opened."""
    assert line_after(ANSWERED, MACHINE).to_machine
    assert not line_after(ANSWERED).to_machine
