"""When a single call may be dialled: calling hours and an end."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.serving import Api

HOURS = {"start": "09:00:00", "end": "18:00:00", "days": ["mon", "tue"]}


def test_calling_hours_and_an_end_are_kept(lite: Api) -> None:
    """Both are shown again with the call."""
    ends_at = datetime.now(UTC) + timedelta(days=3)
    call = lite.place(window=HOURS, ends_at=ends_at.isoformat(), timezone="Asia/Kolkata")
    assert call["window"] == HOURS
    assert datetime.fromisoformat(call["ends_at"]) == ends_at
    assert lite.row(call).calling_hours == HOURS


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"window": {"start": "09:00", "end": "09:00"}}, "window"),
        ({"window": {"start": "9 o'clock", "end": "18:00"}}, "window.start"),
        ({"window": {"start": "09:00", "end": "18:00", "days": []}}, "window.days"),
        ({"window": {"start": "09:00", "end": "18:00", "zone": "x"}}, "window.zone"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
    ],
)
def test_what_can_never_be_dialled_is_refused(lite: Api, given: dict[str, object], field: str) -> None:
    """With the field named."""
    refused = lite.refused(**given)
    assert (refused["status"], refused["errors"][0]["field"]) == (422, field)
