"""A real stack, a real browser, and people who are signed in at it; and pages without a browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from outdial.cli.demo.receiver import Receiver, receiving
from outdial.settings import Settings
from tests.browser import headless
from tests.dashboard.pages import Pages, some_pages
from tests.dashboard.people import ADMIN, PASSWORD, Desk, make_agent
from tests.dashboard.stack import Stack, a_stack
from tests.databases import MakeDatabase

# A busy machine is slow; who waits too long for what never comes loses only a failing test's time.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Temporal, the API and a worker."""
    with a_stack(tmp_path_factory.mktemp("stack")) as up:
        yield up


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A headless Chromium. It ends with this folder's tests: an event loop of its own runs with it."""
    with headless() as found:
        yield found


@pytest.fixture(scope="package")
def desk(stack: Stack, browser: Browser) -> Desk:
    """The first admin, who came by the link that `make up` prints, and an agent."""
    context = browser.new_context(timezone_id="Europe/Berlin")
    page = context.new_page()
    page.goto(stack.first_run)
    page.get_by_label("Email").fill(ADMIN)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url(re.compile("/dashboard$"))
    state = context.storage_state()
    context.close()
    return Desk(stack, state, make_agent(stack))


@pytest.fixture(scope="package")
def signed_in(desk: Desk, browser: Browser) -> Iterator[BrowserContext]:
    """The admin's browser: one for all, since another would load and compile everything anew."""
    context = browser.new_context(
        storage_state=desk.state, timezone_id="Europe/Berlin", base_url=desk.stack.url
    )
    yield context
    context.close()


@pytest.fixture
def page(desk: Desk, signed_in: BrowserContext) -> Iterator[Page]:
    """A page of the admin's browser; errors of its scripts and blocked requests fail the test."""
    page = signed_in.new_page()
    page.set_default_timeout(PATIENCE)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((desk.stack.url, "data:")) else wrong.append(asked.url),
    )
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    page.close()
    assert [one for one in wrong if "status of 4" not in one] == []


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes every webhook, once it has its secret."""
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def pages(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The dashboard without a browser, over a recording of what is asked of Temporal."""
    folder = tmp_path_factory.mktemp("pages")
    settings = Settings(data=folder / "data", webhook_allow_loopback=True)
    with make_database(folder) as database, some_pages(settings, database) as found:
        yield found
