"""A headless Chromium for tests: the machine's own, driven over its debugging protocol.

``python -m tests.browser`` sees to it that there is one: on Debian and Ubuntu, as root, by apt.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOW = "Tests of the dashboard need Chromium: apt-get install chromium, or name one in OUTDIAL_CHROMIUM."


def chromium() -> str | None:
    """Where the machine's Chromium is, None if there is none."""
    named = os.environ.get("OUTDIAL_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


def install() -> int:
    """Install it where that is possible, else say what to do; 0 either way, for other tests need none."""
    if chromium() is None and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stderr.write("Installing Chromium for the dashboard's tests (once)\n")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-qq", *step], env=quiet, stdout=subprocess.DEVNULL, check=False)
    if chromium() is None:
        sys.stderr.write(f"{HOW}\n")
    return 0


@contextmanager
def headless() -> Generator[Browser]:
    """A browser with an empty profile of its own, until the block ends."""
    path = chromium()
    assert path, HOW
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as home:
        # Its profile, and what it keeps beside it, go with the folder.
        environment: dict[str, str | float | bool] = {**os.environ, "HOME": home}
        browser = playwright.chromium.launch(
            executable_path=path, args=ARGUMENTS, headless=True, env=environment
        )
        yield browser
        browser.close()


if __name__ == "__main__":
    sys.exit(install())
