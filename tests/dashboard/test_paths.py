"""What an operator does who never saw an API, in a real browser with everything real under it."""

import csv
import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from outdial.cli.demo.receiver import Receiver
from tests.dashboard.forms import CALL, ENDS_WITHIN, choose_tomorrow, fill_in_a_call
from tests.dashboard.people import BOOKS, CHATS, NEVER_ANSWERS, Desk

NEW_YORK = ZoneInfo("America/New_York")
BATCH = re.compile(r"/batches/batch_\w+$")


def place(page: Page, number: str) -> None:
    """A call, by the form."""
    fill_in_a_call(page, number)
    page.get_by_role("button", name="Call now").click()
    page.wait_for_url(CALL)


def people(folder: Path, count: int, *further: str) -> Path:
    """A file of people."""
    rows = [
        "phone;customer_name;week",
        *(f"+1202555{n:04};Person {n};8 March" for n in range(200, 200 + count)),
    ]
    path = folder / "people.csv"
    path.write_text("\n".join([*rows, *further]) + "\n")
    return path


def test_a_first_run_link_works_once(desk: Desk, browser: Browser) -> None:
    """Who opens it again is told that it was used."""
    page = browser.new_page()
    page.goto(desk.stack.first_run)
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()
    page.close()


def test_a_call_is_placed_watched_and_read(page: Page) -> None:
    """From the form to the transcript, which grows on the page, the outcome and the fields."""
    place(page, BOOKS)
    expect(page.get_by_text("The call is on its way.")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("Hello Ada, this is Lakeside Dental.")
    expect(page.locator("#call-status")).to_contain_text("completed", timeout=ENDS_WITHIN)
    expect(page.locator("#call-status")).to_contain_text("BOOKED")
    expect(page.locator("#came")).to_contain_text("appointment_time")
    expect(page.locator("#timeline")).to_contain_text("Ringing")
    expect(page.get_by_role("link", name="Open in Temporal")).to_have_attribute(
        "href", re.compile(r"/namespaces/default/workflows/call_")
    )


def test_a_live_call_is_hung_up(page: Page) -> None:
    """Cancel in the middle of a conversation ends it."""
    place(page, CHATS)
    expect(page.get_by_role("log")).to_be_visible()
    page.get_by_role("button", name="Cancel call").click()
    expect(page.locator("#call-status")).to_contain_text("canceled", timeout=ENDS_WITHIN)


def test_a_batch_goes_from_a_file_to_its_report(page: Page, tmp_path: Path) -> None:
    """Dropped, mapped, previewed with its bad rows and a forecast, launched, watched, paused, resumed, reported."""
    page.goto("/dashboard/do-not-call")
    page.get_by_label("One a line").fill("+12025550205")
    page.get_by_role("button", name="Add").click()
    page.goto("/dashboard/batches/new")
    page.get_by_label("CSV file").set_input_files(
        people(
            tmp_path, 8, "12;Nobody;8 March", "+12025550200;Twice;8 March", f"{NEVER_ANSWERS};Never;8 March"
        )
    )
    expect(page.get_by_text("The agent asks for first_name")).to_be_visible()
    page.get_by_label("Variable for customer_name").fill("first_name")
    page.get_by_label("Variable for customer_name").press("Tab")
    expect(page.get_by_text("Everything that the agent asks for is there")).to_be_visible()
    expect(page.get_by_role("heading", name="2 rows are refused")).to_be_visible()
    expect(page.get_by_text("1: on your do-not-call list")).to_be_visible()
    with page.expect_download() as bad:
        page.get_by_role("link", name="Download them").click()
    assert "10," in Path(bad.value.path()).read_text()
    page.get_by_label("Name of the batch").fill("Dentists")
    page.get_by_label("Calls at once").fill("3")
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url(BATCH)
    expect(page.get_by_text("8 calls are on their way; 3 rows were refused.")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#batch-status")).to_contain_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#outcomes")).to_contain_text("BOOKED", timeout=ENDS_WITHIN)
    expect(page.locator("figure canvas")).to_be_visible()
    expect(page.locator("#batch-status")).to_contain_text("completed", timeout=2 * ENDS_WITHIN)
    expect(page.locator("#progress")).to_contain_text("8 of 8 done")
    with page.expect_download() as report:
        page.get_by_role("link", name="Report (CSV)").click()
    rows = list(csv.DictReader(Path(report.value.path()).read_text("utf-8-sig").splitlines()))
    assert len(rows) == 11
    assert {row["outcome"] for row in rows} >= {"BOOKED", "NO_ANSWER"}
    page.goto("/dashboard/batches")
    expect(page.get_by_role("row", name=re.compile("Dentists"))).to_contain_text("completed")


def test_numbers_are_pasted_and_the_batch_is_canceled(page: Page) -> None:
    """No file is needed; calling hours in the far night hold everything until it is canceled."""
    page.goto("/dashboard/batches/new")
    page.get_by_label("Or paste numbers").fill(
        "phone,first_name,week\n+12025550300,Ada,8 March\n+12025550301,Bo,8 March"
    )
    expect(page.get_by_text("Everything that the agent asks for is there")).to_be_visible()
    choose_tomorrow(page)
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url(BATCH)
    page.get_by_role("link", name="Add people").click()
    page.get_by_label("Or paste numbers").fill("phone,first_name,week\n+12025550302,Cy,8 March")
    page.get_by_role("button", name="Add them").click()
    page.wait_for_url(BATCH)
    expect(page.locator("#progress")).to_contain_text("of 3 done")
    page.get_by_role("button", name="Cancel batch").click()
    expect(page.locator("#batch-status")).to_contain_text("canceled", timeout=ENDS_WITHIN)


def test_a_launch_that_is_refused_says_why_and_keeps_the_form(page: Page) -> None:
    """Nothing was taken in, and nothing has to be typed again."""
    page.goto("/dashboard/batches/new")
    page.get_by_label("Name of the batch").fill("Nobody")
    page.get_by_label("Or paste numbers").fill("12\n13")
    page.get_by_role("button", name="Launch").click()
    expect(page.locator("#problem-area")).to_contain_text("No row can be accepted")
    expect(page.get_by_label("Name of the batch")).to_have_value("Nobody")


def test_an_agent_is_made_tested_and_changed(page: Page) -> None:
    """Described in a form, talked to in a chat, saved as a second version; the first can still be read."""
    page.goto("/dashboard/agents/new")
    page.get_by_label("Name", exact=True).fill("Reminders")
    page.get_by_label("Opening line").fill("Hello {{name}}, you have an appointment tomorrow.")
    page.get_by_label("Prompt").fill("Remind {{name}} of the appointment.")
    page.get_by_role("button", name="Make the agent").click()
    page.get_by_role("link", name="Test in a chat").click()
    page.get_by_label("name").fill("Ada")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("log")).to_contain_text("Hello Ada, you have an appointment tomorrow.")
    page.get_by_label("You say").fill("Please don't call me again.")
    page.get_by_role("button", name="Say it").click()
    expect(page.get_by_text("The agent hung up.")).to_be_visible()
    page.get_by_role("button", name="What would be reported").click()
    expect(page.locator("#report")).to_contain_text("OPT_OUT")
    page.get_by_role("link", name="Reminders").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Opening line").fill("Good day {{name}}.")
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    page.get_by_role("link", name="Version 1").click()
    expect(page.get_by_text("you have an appointment tomorrow")).to_be_visible()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("The agent is archived.")).to_be_visible()


def test_an_endpoint_is_added_tested_and_delivered_to_again(page: Page, receiver: Receiver) -> None:
    """Its secret is shown once; the delivery shows what was sent and what came back."""
    page.goto("/dashboard/webhooks")
    page.get_by_label("Address").fill(receiver.url)
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#secret")).to_have_text(re.compile("^whsec_"))
    receiver.secret = page.locator("#secret").inner_text()
    page.get_by_role("button", name="Send a test").click()
    page.wait_for_url(re.compile("/deliveries/msg_"))
    expect(page.get_by_text('"event_type": "webhook.test"')).to_be_visible()
    expect(page.get_by_text("HTTP 204")).to_be_visible(timeout=ENDS_WITHIN)
    assert receiver.received[0].verified
    page.get_by_role("button", name="Deliver again").click()
    expect(page.get_by_text("It is being delivered again.")).to_be_visible()
    expect(page.get_by_text("2. HTTP 204")).to_be_visible(timeout=ENDS_WITHIN)
    page.goto("/dashboard/webhooks")
    page.get_by_role("link", name=receiver.url).click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The endpoint is deleted.")).to_be_visible()


def test_a_key_is_shown_once_and_revoked(page: Page) -> None:
    """It is on the page that made it and on none after."""
    page.goto("/dashboard/settings")
    page.get_by_label("What the key is for").fill("Booking system")
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator("#secret")).to_have_text(re.compile("^od_live_"))
    page.goto("/dashboard/settings")
    expect(page.locator("#secret")).to_have_count(0)
    row = page.get_by_role("row", name=re.compile("Booking system"))
    row.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row", name=re.compile("Booking system"))).to_contain_text("revoked")


def test_the_account_gets_calling_hours(page: Page) -> None:
    """A call outside them waits and says until when; without them it is dialled."""
    page.goto("/dashboard/settings")
    now = datetime.now(NEW_YORK)
    page.get_by_label("From").fill(f"{now + timedelta(hours=2):%H:%M}")
    page.get_by_label("Until").fill(f"{now + timedelta(hours=4):%H:%M}")
    for day in ("Sat", "Sun"):
        page.get_by_label(day).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It holds for calls")).to_be_visible()
    place(page, BOOKS)
    expect(page.locator("#why")).to_contain_text("Outside calling hours in America/New_York; they open at")
    expect(page.locator("#why time")).to_be_visible()
    waiting = page.url
    page.goto("/dashboard/settings")
    for name in ("From", "Until"):
        page.get_by_label(name).fill("")
    page.get_by_role("button", name="Save").click()
    page.goto(waiting)
    page.get_by_role("button", name="Dial now").click()
    expect(page.locator("#call-status")).to_contain_text("completed", timeout=ENDS_WITHIN)


def test_a_viewer_is_invited_and_sees_numbers_masked(page: Page, desk: Desk, browser: Browser) -> None:
    """By a link that an admin sends; the viewer can't place calls."""
    page.goto("/dashboard/settings")
    page.get_by_label("Email").fill("vera@example.com")
    page.get_by_label("Role", exact=True).select_option("viewer")
    page.get_by_role("button", name="Invite").click()
    link = page.locator("#secret").inner_text()
    place(page, BOOKS)
    other = browser.new_context().new_page()
    other.goto(link)
    other.get_by_label("Password").fill("another long password")
    other.get_by_role("button", name="Begin").click()
    other.goto(page.url)
    expect(other.get_by_role("heading", level=1)).to_have_text("+1•••••••123")
    expect(other.get_by_role("button", name="Cancel call")).to_have_count(0)
    other.context.close()


def test_a_number_is_put_on_the_do_not_call_list(page: Page) -> None:
    """It can't be called until it is taken off."""
    page.goto("/dashboard/do-not-call")
    page.get_by_label("One a line").fill("+12025550177")
    page.get_by_role("button", name="Add").click()
    fill_in_a_call(page, "+12025550177")
    page.get_by_role("button", name="Call now").click()
    expect(page.get_by_role("alert").first).to_contain_text("do-not-call list")
    page.goto("/dashboard/do-not-call?search=%2B12025550177")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The number may be called again.")).to_be_visible()


def test_the_overview_counts_the_day(page: Page) -> None:
    """Placed, answered, outcomes and lines, while the page is open."""
    place(page, BOOKS)
    expect(page.locator("#call-status")).to_contain_text("completed", timeout=ENDS_WITHIN)
    page.goto("/dashboard")
    expect(page.locator("#tiles")).to_contain_text("Calls placed today")
    expect(page.locator("#outcomes")).to_contain_text("BOOKED")


@pytest.mark.parametrize("search", ["+1 202 555 0123", "(202) 555-0123"])
def test_calls_are_found_by_number(page: Page, search: str) -> None:
    """However it is written."""
    place(page, BOOKS)
    page.goto("/dashboard/calls")
    page.get_by_label("Number or call id").fill(search)
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("link", name="+1 202-555-0123").first).to_be_visible()


def test_a_person_is_added_agrees_and_is_forgotten(page: Page) -> None:
    """Contact, consent with its proof, revoked; then nothing is left."""
    page.goto("/dashboard/contacts/new")
    page.get_by_label("Number").fill("(202) 555-0191")
    page.get_by_label("Full name").fill("Grace Hopper")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Grace Hopper")
    page.get_by_text("Record a consent").click()
    page.get_by_label("Where it can be proven").fill("Web form, 3 March")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_text("Web form, 3 March")).to_be_visible()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The consent is revoked.")).to_be_visible()
    page.goto("/dashboard/contacts?search=hopper")
    page.get_by_role("link", name="Grace Hopper").click()
    page.get_by_role("button", name="Forget this person").click()
    expect(page.get_by_text("The person is forgotten.")).to_be_visible()
    page.goto("/dashboard/contacts?search=hopper")
    expect(page.get_by_text("Nobody matches")).to_be_visible()


def test_a_campaign_gets_a_schedule_that_is_switched_on_and_off(page: Page) -> None:
    """Made, given a person, enabled: the person is called; the campaign is switched off."""
    page.goto("/dashboard/campaigns")
    page.get_by_label("Name").fill("Autumn")
    page.get_by_label("Agent").select_option(label="Front desk")
    page.get_by_role("button", name="Make it").click()
    page.get_by_text("Name, number shown").click()
    page.get_by_label("Number shown").fill("(202) 555-0155")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("textbox", name="Name", exact=True).fill("Mornings")
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url(BATCH)
    page.get_by_role("link", name="Add people").click()
    page.get_by_label("Or paste numbers").fill("phone,first_name,week\n+12025550192,Ada,8 March")
    page.get_by_role("button", name="Add them").click()
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_text("It is enabled.")).to_be_visible()
    expect(page.locator("#outcomes")).to_contain_text("BOOKED", timeout=ENDS_WITHIN)
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("It is disabled.")).to_be_visible()
    page.goto("/dashboard/campaigns")
    page.get_by_role("link", name="Autumn").click()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("It is off: nothing of it is dialled.")).to_be_visible()
