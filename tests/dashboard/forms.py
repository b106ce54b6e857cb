"""Forms as people fill them in, and where they lead."""

import re

from playwright.sync_api import Page

# A call's page, and how many milliseconds a call takes at most.
CALL = re.compile(r"/calls/call_\w+$")
ENDS_WITHIN = 60_000


def fill_in_a_call(page: Page, number: str) -> None:
    """All that the tests' agent asks for; nothing is sent yet."""
    page.goto("/dashboard/calls/new")
    page.get_by_label("Phone number").fill(number)
    page.get_by_label("first_name").fill("Ada")
    page.get_by_label("week").fill("8 March")


def choose_tomorrow(page: Page) -> None:
    """Later, at this time of day."""
    page.get_by_label("At a later time").check()
    tomorrow = page.evaluate("new Date(Date.now() + 864e5).toISOString().slice(0, 16)")
    page.get_by_label("Date and time").fill(tomorrow)
