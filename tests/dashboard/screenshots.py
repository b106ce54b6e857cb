"""Pictures of the dashboard for the documents: ``make screenshots`` writes docs/screenshots."""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, StorageState, ViewportSize

from tests.browser import headless
from tests.dashboard.people import ADMIN, BOOKS, PASSWORD, Desk, make_agent
from tests.dashboard.stack import Stack, a_stack
from tests.dashboard.tour import TOUR, fill

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
WIDE, PHONE = ViewportSize(width=1120, height=740), ViewportSize(width=390, height=844)
TALLEST = 1_300  # of a phone's page
# What is pictured in dark, and on a phone, besides.
DARK, SMALL = ("overview", "call", "batch"), ("overview", "calls", "new-call", "call", "batch")


def take(folder: Path) -> None:
    """Every page of the tour, some in dark and on a phone."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as data, a_stack(Path(data)) as stack, headless() as browser:
        desk = Desk(stack, _joined(stack, browser), make_agent(stack))
        addresses = fill(desk, BOOKS)
        for name in TOUR:
            _picture(browser, desk, addresses[name], folder / f"{name}.png")
        for name in DARK:
            _picture(browser, desk, addresses[name], folder / f"{name}-dark.png", scheme="dark")
        for name in SMALL:
            _picture(browser, desk, addresses[name], folder / f"{name}-phone.png", viewport=PHONE)


def _joined(stack: Stack, browser: Browser) -> StorageState:
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.goto(stack.first_run)
    page.get_by_label("Email").fill(ADMIN)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url(re.compile("/dashboard$"))
    state = context.storage_state()
    context.close()
    return state


def _picture(
    browser: Browser,
    desk: Desk,
    address: str,
    path: Path,
    *,
    viewport: ViewportSize = WIDE,
    scheme: str = "light",
) -> None:
    dark = scheme == "dark"
    context = browser.new_context(
        storage_state=desk.state,
        base_url=desk.stack.url,
        viewport=viewport,
        color_scheme="dark" if dark else "light",
        timezone_id="Europe/Berlin",
        device_scale_factor=1,
    )
    page = context.new_page()
    page.goto(address)
    _settle(page)
    tall = min(TALLEST, page.evaluate("document.documentElement.scrollHeight")) if viewport is PHONE else 0
    if tall:
        page.set_viewport_size(ViewportSize(width=viewport["width"], height=tall))
    page.screenshot(path=path)
    context.close()


def _settle(page: Page) -> None:
    page.get_by_text("Counting…").first.wait_for(state="hidden")
    page.wait_for_timeout(900)  # the plot, and what the page asks for by itself


if __name__ == "__main__":
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
