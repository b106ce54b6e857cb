"""Saves the histories of representative calls as a version writes them.

``python -m tests.replay v1`` saves all, ``python -m tests.replay v1 queued`` that one.
"""

import asyncio
import json
import re
import sys
import tempfile
from pathlib import Path

from temporalio.client import WorkflowHistory

from outdial.models import Account
from outdial.store.database import Database
from tests.replay.histories import FOLDER, NUMBER, text_of
from tests.replay.scenarios import SCENARIOS, Scenario
from tests.running import Running, running
from tests.temporal_server import dev_server

# Slow enough that phones ring and people talk by timers.
SPEED = 20
_MACHINE = re.compile(r"\d+@[\w.-]+")


async def save(version: str, only: list[str]) -> None:
    """Play every scenario, or only those named, and write its history.

    Raises ValueError where one would have a phone number in it.
    """
    with tempfile.TemporaryDirectory() as folder, dev_server() as address:
        database = Database(f"sqlite:///{folder}/outdial.db")
        Account.metadata.create_all(database.engine)
        async with running(address, database, simulated_speed=SPEED, default_caller_id="") as outdial:
            chosen = [each for each in SCENARIOS if not only or each.__name__ in only]
            await asyncio.gather(*(_save(outdial, scenario, FOLDER / version) for scenario in chosen))
        database.close()


async def _save(outdial: Running, scenario: Scenario, folder: Path) -> None:
    workflow_id = await scenario(outdial)
    history = await outdial.client.get_workflow_handle(workflow_id).fetch_history()
    if found := NUMBER.search(text_of(history)):
        raise ValueError(f"{scenario.__name__}: {found.group()} is in the history")
    await asyncio.to_thread(_write, history, folder / f"{scenario.__name__}.json")


def _write(history: WorkflowHistory, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_written(history))
    sys.stdout.write(f"{path}: {len(history.events)} events\n")


def _written(history: WorkflowHistory) -> str:
    """As JSON that names no machine."""
    events = {**history.to_json_dict(), "workflowId": history.workflow_id}
    return _MACHINE.sub("worker", json.dumps(events, indent=1)) + "\n"


if __name__ == "__main__":
    asyncio.run(save(sys.argv[1], sys.argv[2:]))
