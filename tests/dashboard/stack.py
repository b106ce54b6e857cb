"""The whole of Outdial as `make up` starts it, with ports and a data folder of its own."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.temporal_server import HOST, free_port

# A busy machine takes its time to import everything three times.
STARTS_WITHIN = 180
SPEED = 8
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Stack:
    """Where it is, the link that makes its first admin, and its API key."""

    url: str
    first_run: str
    key: str

    def client(self) -> httpx.Client:
        """A client of its API."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)


@contextmanager
def a_stack(folder: Path, **given: str) -> Generator[Stack]:
    """Everything is up within the block."""
    port = free_port()
    environment = {
        **os.environ,
        "OUTDIAL_DATA": str(folder / "data"),
        "OUTDIAL_API_PORT": str(port),
        "OUTDIAL_TEMPORAL_PORT": str(free_port()),
        "OUTDIAL_UI_PORT": str(free_port()),
        "OUTDIAL_SIMULATED_SPEED": str(SPEED),
        "OUTDIAL_WEBHOOK_ALLOW_LOOPBACK": "true",
        "PYTHONPATH": str(ROOT),
        **given,
    }
    with (folder / "out").open("w+") as out, (folder / "err").open("w") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "outdial", "up"], env=environment, stdout=out, stderr=err, cwd=folder
        )
        try:
            yield _announced(process, folder, f"http://{HOST}:{port}")
        finally:
            process.terminate()
            process.wait(30)


def _announced(process: "subprocess.Popen[bytes]", folder: Path, url: str) -> Stack:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        said = (folder / "out").read_text()
        link, key = re.search(r"first run\s+(\S+)", said), re.search(r"API key\s+(\S+)", said)
        if link and key:
            return Stack(url, link[1], key[1])
        time.sleep(0.1)
    raise AssertionError("the stack did not start:\n" + (folder / "err").read_text()[-3000:])
