"""Why a call waits, in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.dashboard import words
from outdial.models import Call, CallEvent, CallStatus, Disposition, Progress

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def a_call(**given: Any) -> Call:
    """A call that is due now and has its workflow."""
    values: dict[str, Any] = {"due_at": NOW, "workflow_started": True, **given}
    own = {
        "account_id": "acct_1",
        "agent_id": "agent_1",
        "agent_version_id": "agv_1",
        "number": "+12025550123",
    }
    return Call(**own, timezone="UTC", max_duration_seconds=900, **values)


@pytest.mark.parametrize(
    ("call", "reason", "until"),
    [
        (a_call(due_at=LATER), "It is not due yet.", LATER),
        (a_call(), "It is due and about to be dialled.", None),
        (a_call(workflow_started=False), "It waits to be started.", None),
        (a_call(paused=True, due_at=LATER), "It is paused. Resume it to let it be dialled.", None),
        (
            a_call(progress=Progress.QUEUED, hold_reason="All 3 lines are in use.", due_at=LATER),
            "All 3 lines are in use.",
            None,
        ),
        (a_call(progress=Progress.TALKING, status=CallStatus.IN_PROGRESS), "They are talking.", None),
        (
            a_call(progress=Progress.COOLDOWN, disposition=Disposition.NO_ANSWER, due_at=LATER),
            "The last dial ended: no answer. It is dialled again.",
            LATER,
        ),
        (a_call(status=CallStatus.COMPLETED), "", None),
    ],
)
def test_a_call_says_why_it_waits(call: Call, reason: str, until: datetime | None) -> None:
    """And until when, where that is known."""
    assert words.waiting(call, NOW) == (reason, until)


def test_a_reason_that_names_its_end_says_it_once() -> None:
    """The hours that open are not told again as what comes next."""
    until = NOW + timedelta(hours=5)
    held = a_call(hold_reason=f"Outside calling hours; they open at {until.isoformat()}.", due_at=until)
    assert words.waiting(held, NOW) == (held.hold_reason, None)


def test_times_on_the_timeline_are_instants() -> None:
    """So that they are shown where the viewer is."""
    told = {"due_at": LATER.isoformat(), "n": "T"}
    event = CallEvent(account_id="acct_1", call_id="call_1", type="call.retry_scheduled", detail=told, at=NOW)
    assert words.detail(event) == [("due at", LATER), ("n", "T")]


@pytest.mark.parametrize(
    ("word", "shown"), [("NO_ANSWER", "NO_ANSWER"), ("no_answer", "no answer"), (3, "3")]
)
def test_an_agents_outcomes_stay_as_they_are(word: object, shown: str) -> None:
    """Our own words are written as people write them."""
    assert words.said(word) == shown
