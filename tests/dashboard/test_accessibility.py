"""Every page by an accessibility checker, in light and dark and on a phone, with something on it and without."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs] (it has none)
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.dashboard.people import BOOKS, Desk
from tests.dashboard.tour import TOUR, fill

PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=900)
# Those with forms, tables and plots; the others in `make test-all`.
FIRST = {"overview", "calls", "new-call", "call", "batch", "campaign", "agent-edit", "settings"}
PAGES = [name if name in FIRST else pytest.param(name, marks=pytest.mark.slow) for name in TOUR]


@pytest.fixture(scope="module")
def filled(desk: Desk) -> dict[str, str]:
    """Something on every page; the addresses of one of each."""
    return fill(desk, BOOKS, people=8)


@pytest.fixture(scope="module")
def looking(desk: Desk, browser: Browser) -> Iterator[Page]:
    """A signed-in page, one for all: nothing is changed here."""
    context = browser.new_context(storage_state=desk.state, base_url=desk.stack.url)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_accessibility_faults(looking: Page, filled: dict[str, str], name: str) -> None:
    """By axe-core's rules for WCAG 2.2 AA and its best practices."""
    looking.emulate_media(color_scheme="light")
    looking.set_viewport_size(DESK)
    open_page(looking, filled[name])
    assert faults(looking) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", TOUR)
def test_nor_in_the_dark_nor_on_a_phone(looking: Page, filled: dict[str, str], name: str) -> None:
    """It can be read in dark colours, and it fits a phone."""
    looking.emulate_media(color_scheme="dark")
    looking.set_viewport_size(DESK)
    open_page(looking, filled[name])
    assert faults(looking, "color-contrast") == []
    looking.set_viewport_size(PHONE)
    assert faults(looking) == []
    assert looking.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("address", ["/dashboard/sign-in", "/dashboard/join?token=old"])
def test_pages_before_signing_in_have_none_either(browser: Browser, desk: Desk, address: str) -> None:
    """The first pages that people see."""
    context = browser.new_context(base_url=desk.stack.url)
    page = context.new_page()
    page.goto(address)
    found = faults(page)
    context.close()
    assert found == []


def test_a_call_is_placed_by_keyboard_alone(page: Page) -> None:
    """Tab reaches every field in the order of reading, Enter sends the form."""
    page.goto("/dashboard/calls/new")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("Phone number").focus()
    page.keyboard.type(BOOKS)
    for label, value in (("first_name", "Ada"), ("week", "8 March")):
        for _ in range(12):
            if page.get_by_label(label).evaluate("node => node === document.activeElement"):
                break
            page.keyboard.press("Tab")
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/calls/call_"))


def open_page(page: Page, address: str) -> None:
    """With all that comes after the page itself."""
    page.goto(address)
    expect(page.get_by_text("Counting…")).to_have_count(0)


def faults(page: Page, *rules: str) -> list[str]:
    """What axe-core finds by these rules, else by all: a line a fault, the rule and where."""
    checker: Any = Axe()
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found: list[dict[str, Any]] = checker.run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]
