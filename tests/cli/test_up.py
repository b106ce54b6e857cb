"""The whole stack as a person starts it: real processes, real ports, real Temporal."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from outdial.cli.ports import any_free

KEY = "a key of our own choice"
READY_WITHIN = 90


class Up:
    """`outdial up` on ports and a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{any_free()}"
        self._environment = {
            **os.environ,
            "OUTDIAL_DATA": str(folder),
            "OUTDIAL_API_KEY": KEY,
            "OUTDIAL_SIMULATED_SPEED": "10",
            "OUTDIAL_API_PORT": self.url.rpartition(":")[2],
            "OUTDIAL_TEMPORAL_PORT": str(any_free()),
            "OUTDIAL_UI_PORT": str(any_free()),
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Start it; what it printed once it was up."""
        command = [sys.executable, "-m", "outdial", "up"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=self._environment, text=True)
        assert self.process.stdout
        printed = ""
        while "data  " not in printed:
            line = self.process.stdout.readline()
            assert line, "it ended before it was up"
            printed += line
        return printed

    def kill_everything(self) -> None:
        """kill -9 of the launcher and all its children."""
        assert self.process
        launcher = psutil.Process(self.process.pid)
        family = [launcher, *launcher.children(recursive=True)]
        for process in family:
            process.kill()
        psutil.wait_procs(family, 10)
        self.process.wait(10)

    def stop(self) -> int:
        """Stop it as a service manager would; its status."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def ask(self, method: str, path: str, **content: object) -> httpx.Response:
        """Ask the API with the key."""
        headers = {"authorization": f"Bearer {KEY}"}
        with httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=30) as client:
            return client.request(method, path, json=content or None)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """A stack that is not started yet, and is gone after the test."""
    up = Up(tmp_path)
    yield up
    if up.process and up.process.poll() is None:
        up.kill_everything()


def test_it_says_where_everything_is_and_stops_in_order(up: Up) -> None:
    """The API answers at the address that was printed; after SIGTERM nothing is left."""
    printed = up.start()
    assert up.process
    children = psutil.Process(up.process.pid).children()
    assert re.search(rf"API +{up.url}\n", printed)
    assert KEY in printed
    assert up.ask("GET", "/readyz").status_code == 200
    assert up.stop() == 0
    assert not [child for child in children if child.is_running()]


@pytest.mark.slow
def test_it_goes_on_where_it_was_after_everything_was_killed(up: Up) -> None:
    """A call that was taken before is completed after, with one dial."""
    up.start()
    outcomes = [{"name": "BOOKED", "meaning": "The person agreed to a time."}]
    agent = up.ask(
        "POST", "/v1/agents", name="A", system_prompt="Book.", opening_line="Hello.", outcomes=outcomes
    )
    call = up.ask("POST", "/v1/call", agent_id=agent.json()["id"], recipient_phone="+12025550142").json()
    up.kill_everything()
    up.start()
    ended = wait_until_ended(up, call["call_id"])
    assert (ended["status"], ended["outcome"], len(ended["attempts"])) == ("completed", "BOOKED", 1)
    assert up.stop() == 0


@pytest.mark.slow
def test_the_demo_comes_to_its_end(tmp_path: Path) -> None:
    """Every fate is told, a transcript is shown, and every webhook was signed."""
    command = [sys.executable, "-m", "outdial", "demo", "--exit"]
    environment = {**os.environ, "OUTDIAL_DATA": str(tmp_path), "COLUMNS": "160"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    for told in (
        "6 of 6 calls done",
        "BOOKED",
        "REFUSED",
        "NO_ANSWER",
        "VOICEMAIL",
        "OPT_OUT",
        "What was said with Ada",
    ):
        assert told in done.stdout
    assert re.search(r"call.completed +│ 5 +│ 5", done.stdout)


def wait_until_ended(up: Up, call_id: str) -> dict[str, Any]:
    """The call as it is once it has ended."""
    until = time.monotonic() + READY_WITHIN
    while not (call := up.ask("GET", f"/v1/calls/{call_id}").json())["ended_at"]:
        assert time.monotonic() < until, json.dumps(call, indent=2)
        time.sleep(0.5)
    return call
