"""The form that places a call, in a real browser: what it says while it is filled in, and what becomes of it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.forms import CALL, ENDS_WITHIN, choose_tomorrow, fill_in_a_call
from tests.dashboard.people import BOOKS


def test_a_number_is_checked_while_it_is_typed(page: Page) -> None:
    """Nonsense is told; a national number of the chosen country is shown as E.164, with the time there."""
    page.goto("/dashboard/calls/new")
    number = page.get_by_label("Phone number")
    number.fill("12")
    expect(page.locator("#number-checked")).to_contain_text("Expected a phone number")
    page.get_by_label("Country").select_option("IN")
    number.fill("098765 43210")
    expect(page.locator("#number-checked")).to_contain_text("+919876543210, India")
    expect(page.locator("#number-checked")).to_contain_text("Asia/Calcutta")


@pytest.mark.parametrize("width", [1280, 375])
def test_a_form_stands_still_while_it_is_filled_in(page: Page, width: int) -> None:
    """What comes to be known of a number, good or bad, moves nothing from under the pointer."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/dashboard/calls/new")
    later, checked = page.get_by_label("At a later time"), page.locator("#number-checked")
    stood = later.bounding_box()
    for number, told in (("12", "Expected a phone number"), ("+919876543210", "Asia/Calcutta")):
        page.get_by_label("Phone number").fill(number)
        expect(checked).to_contain_text(told)
        assert later.bounding_box() == stood


def test_the_prompt_is_previewed_with_its_values(page: Page) -> None:
    """What is filled in appears in the text; what is missing is marked."""
    page.goto("/dashboard/calls/new")
    page.get_by_label("first_name").fill("Zoë <b>")
    expect(page.locator("#preview mark").first).to_have_text("Zoë <b>")
    expect(page.locator("#preview mark.absent")).to_have_text("{{week}}")


def test_a_form_that_is_refused_says_why_and_keeps_what_was_typed(page: Page) -> None:
    """The problem is named above the form and beside the field."""
    fill_in_a_call(page, "+1202")
    page.get_by_role("button", name="Call now").click()
    expect(page.get_by_role("alert").first).to_contain_text("Expected a phone number")
    expect(page.get_by_label("Phone number")).to_have_value("+1202")
    expect(page.get_by_label("first_name")).to_have_value("Ada")


def test_a_call_for_later_waits_and_says_so(page: Page) -> None:
    """Its time is the one that was typed in the chosen zone, shown where the viewer is; it can be canceled."""
    fill_in_a_call(page, BOOKS)
    page.get_by_label("At a later time").check()
    year = page.evaluate("new Date().getFullYear() + (new Date().getMonth() >= 5 ? 1 : 0)")
    page.get_by_label("Date and time").fill(f"{year}-06-01T09:30")
    page.get_by_label("Timezone of that time").select_option("Asia/Kolkata")
    page.get_by_role("button", name="Call now").click()
    page.wait_for_url(CALL)
    expect(page.locator("#why")).to_contain_text("It is not due yet.")
    expect(page.locator("#why time")).to_have_text(re.compile("06:00"))  # in Berlin
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#call-status")).to_contain_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#call-status")).not_to_contain_text("paused")
    page.get_by_role("button", name="Cancel call").click()
    expect(page.locator("#call-status")).to_contain_text("canceled", timeout=ENDS_WITHIN)


def test_a_waiting_call_is_dialled_at_once_when_asked(page: Page) -> None:
    """“Dial now” does not wait for the hour."""
    fill_in_a_call(page, BOOKS)
    choose_tomorrow(page)
    page.get_by_role("button", name="Call now").click()
    page.wait_for_url(CALL)
    page.get_by_role("button", name="Dial now").click()
    expect(page.locator("#call-status")).to_contain_text("completed", timeout=ENDS_WITHIN)
