"""A real Temporal dev server for tests, as a process of its own."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
TEMPORAL = str(Path(sys.executable).with_name("temporal"))
TEST_SERVER = str(Path(sys.executable).with_name("temporal-test-server"))
ATTRIBUTES = ("OutdialStatus", "OutdialAccount", "OutdialAgent", "OutdialBatch")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


@contextmanager
def dev_server(*arguments: str, port: int | None = None) -> Generator[str]:
    """A dev server in memory (unless ``arguments`` name a file), with our search attributes; yields its address."""
    port = port or free_port()
    program, address = shutil.which(TEMPORAL) or "temporal", f"{HOST}:{port}"
    command = [program, "server", "start-dev", "--headless", "--log-level", "error"]
    command += ["--ip", HOST, "--port", str(port), *arguments]
    for name in ATTRIBUTES:
        command += ["--search-attribute", f"{name}=Keyword"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_open(port)
        _wait_until_healthy([program, "operator", "cluster", "health", "--address", address])
        yield address
    finally:
        server.terminate()
        server.wait()


def _wait_until_healthy(ask: Sequence[str], seconds: float = 30) -> None:
    """It listens for a moment before it serves."""
    deadline = time.monotonic() + seconds
    while subprocess.run(ask, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not healthy: {ask[-1]}")
        time.sleep(0.05)


def wait_until_open(port: int, seconds: float = 30) -> None:
    """Return once something listens on the port."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
