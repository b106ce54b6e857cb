"""Today's workflows take every saved history where the version that wrote it took it."""

from pathlib import Path

import pytest
from temporalio.workflow import NondeterminismError

from tests.replay.histories import NUMBER, read, replay, saved, text_of

HISTORIES = pytest.mark.parametrize("path", saved(), ids=lambda path: f"{path.parent.name}-{path.stem}")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@HISTORIES
@pytest.mark.anyio
async def test_a_call_that_an_older_version_began_goes_on(path: Path) -> None:
    """Replayed, the workflow asks for the same activities and timers in the same order."""
    await replay(read(path))


@HISTORIES
def test_no_history_has_a_phone_number_in_it(path: Path) -> None:
    """What Temporal keeps and shows names calls by their ids only."""
    assert NUMBER.search(text_of(read(path))) is None


@pytest.mark.anyio
async def test_a_history_that_does_not_fit_is_noticed() -> None:
    """The check above would fail if a workflow took another way."""
    history = read(saved()[0])
    scheduled = next(
        event for event in history.events if event.HasField("activity_task_scheduled_event_attributes")
    )
    scheduled.activity_task_scheduled_event_attributes.activity_type.name = "something_else"
    with pytest.raises(NondeterminismError):
        await replay(history)
