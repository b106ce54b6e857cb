"""The dialect's words, segments of messages, and what is wrong with a body."""

import pytest

from api.dialects.mico.words import (
    attempt_status_of,
    progress_of,
    read_attempt_status,
    read_outcome,
    status_of,
)
from api.malformed import fault_in
from outdial.models import Attempt, AttemptState, Call, CallStatus, Disposition, Progress
from outdial.models.base import utc_now
from outdial.notifications.segments import count_segments


def a_call(**given: object) -> Call:
    """A call's row, not stored."""
    own = {"account_id": "a", "agent_id": "b", "agent_version_id": "c", "number": "+12025550123"}
    return Call.model_validate(
        {**own, "timezone": "UTC", "max_duration_seconds": 900, "due_at": utc_now(), **given}
    )


def an_attempt(state: AttemptState, disposition: Disposition | None = None) -> Attempt:
    """An attempt's row, not stored."""
    return Attempt(
        account_id="a",
        call_id="c",
        number=1,
        dial_key="c:1",
        carrier="simulated",
        intended_at=utc_now(),
        state=state,
        disposition=disposition,
    )


@pytest.mark.parametrize("progress", [one for one in Progress if one is not Progress.ENDED])
def test_every_progress_has_a_word(progress: Progress) -> None:
    """Wherever a call stands, there is something to say."""
    assert progress_of(a_call(progress=progress))


def test_a_call_is_pending_until_it_is_dialled_and_expired_after_its_end() -> None:
    """The guide's words for the beginning, and ours for a window that closed first."""
    waiting, over = a_call(), a_call(status=CallStatus.FAILED, progress=Progress.ENDED, end_reason="expired")
    assert (status_of(waiting), progress_of(waiting)) == ("pending", "in_queue")
    assert (status_of(over), progress_of(over)) == ("expired", "expired")


def test_an_answered_attempt_ends_with_hangup() -> None:
    """And is found by that word."""
    assert attempt_status_of(an_attempt(AttemptState.ENDED, Disposition.ANSWERED)) == "hangup"
    assert read_attempt_status("hangup").disposition is Disposition.ANSWERED


@pytest.mark.parametrize("disposition", list(Disposition))
def test_every_end_of_an_attempt_is_found_by_its_own_word(disposition: Disposition) -> None:
    """No two ends share a word."""
    word = attempt_status_of(an_attempt(AttemptState.ENDED, disposition))
    assert read_attempt_status(word).disposition is disposition


def test_an_outcome_is_found_by_what_people_call_it() -> None:
    """Blanks and hyphens are underscores."""
    assert read_outcome("Transfer to agent") == read_outcome("transfer-to_AGENT") == "TRANSFER_TO_AGENT"


@pytest.mark.parametrize(
    ("text", "segments"),
    [("", 1), ("x" * 160, 1), ("x" * 161, 2), ("€" * 80, 1), ("€" * 81, 2), ("あ" * 70, 1), ("あ" * 71, 2)],
)
def test_segments_are_counted_as_carriers_do(text: str, segments: int) -> None:
    """160 characters of GSM 03.38, of which a few count twice; 70 of any other."""
    assert count_segments(text) == segments


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('{"a": 1,}', "line 1, column 8"),
        ('{"a": [1,\n2,\n]}', "line 2, column 2"),
        ('{\n"a": true,\n}', "line 2, column 10"),
    ],
)
def test_a_comma_too_many_is_named_with_its_place(body: str, place: str) -> None:
    """Line and column are the comma's own."""
    assert fault_in(body) == f"There is a comma before a closing bracket at {place}: remove it."


def test_another_fault_is_named_with_its_place() -> None:
    """In the words of the parser."""
    assert fault_in('{"a" 1}') == "Expecting ':' delimiter at line 1, column 6."
