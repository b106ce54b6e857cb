"""Who gets in, what each role may do, and what a browser is told to allow."""

from typing import Any

import httpx
import pytest

from outdial.catalog import current_version
from outdial.models import Agent, AgentTask
from outdial.models.member import Role
from outdial.settings import Settings
from outdial.store.accounts import find_account
from outdial.store.database import Database
from outdial.store.migrate import migrate
from tests.build import a_call, an_account, an_agent
from tests.dashboard.pages import PASSWORD, Pages, csrf_of, post, some_pages

EVERY = [
    "",
    "/calls",
    "/calls/new",
    "/batches",
    "/batches/new",
    "/agents",
    "/agents/new",
    "/do-not-call",
    "/webhooks",
    "/deliveries",
    "/settings",
]


@pytest.mark.parametrize("page", EVERY)
def test_nobody_sees_a_page_without_signing_in(pages: Pages, page: str) -> None:
    """Every page leads to the sign-in, which leads back."""
    answer = pages.stranger().get(f"/dashboard{page}")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/dashboard/sign-in?onward=/dashboard{page}"


@pytest.mark.parametrize("page", EVERY)
def test_an_admin_sees_every_page(pages: Pages, page: str) -> None:
    """Each page is there, allows nothing in line and nothing from elsewhere, and is kept by no cache."""
    answer = pages.signed_in(Role.ADMIN).get(f"/dashboard{page}")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"


def test_the_session_is_out_of_reach_of_scripts_and_other_sites(pages: Pages) -> None:
    """The cookie is HttpOnly and SameSite=Lax; without https it can't be Secure."""
    client = pages.stranger()
    pages.member(Role.VIEWER, "vera@example.com")
    answer = client.post("/dashboard/sign-in", data={"email": "Vera@Example.com ", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_behind_https_the_session_is_secure(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A public address with https makes browsers send the cookie by https alone."""
    folder = tmp_path_factory.mktemp("secure")
    database = Database(f"sqlite:///{folder / 'outdial.db'}")
    migrate(database)
    settings = Settings(data=folder / "data", public_url="https://calls.example.com")
    with some_pages(settings, database) as pages:
        pages.member(Role.VIEWER, "vera@example.com")
        answer = pages.stranger().post(
            "/dashboard/sign-in", data={"email": "vera@example.com", "password": PASSWORD}
        )
    assert "Secure" in answer.headers["set-cookie"]


def test_a_wrong_password_lets_nobody_in(pages: Pages) -> None:
    """The answer is the same whether the email is known or not."""
    pages.member(Role.VIEWER, "vera@example.com")
    client = pages.stranger()
    known = client.post("/dashboard/sign-in", data={"email": "vera@example.com", "password": "x"})
    unknown = client.post("/dashboard/sign-in", data={"email": "nobody@example.com", "password": "x"})
    assert known.status_code == unknown.status_code == 422
    assert known.text.replace("vera", "nobody") == unknown.text


@pytest.mark.parametrize(
    "onward", ["https://evil.example.com", "//evil.example.com", "/dashboard//evil.example.com", "/v1/keys"]
)
def test_signing_in_leads_nowhere_else(pages: Pages, onward: str) -> None:
    """A link that a stranger made can't send people off after they sign in."""
    pages.member(Role.VIEWER, "vera@example.com")
    fields = {"email": "vera@example.com", "password": PASSWORD, "onward": onward}
    assert pages.stranger().post("/dashboard/sign-in", data=fields).headers["location"] == "/dashboard"


def test_signing_out_ends_the_session_on_the_server(pages: Pages) -> None:
    """A cookie that somebody kept opens nothing afterwards."""
    client = pages.signed_in(Role.VIEWER)
    kept = dict(client.cookies)
    post(client, "/dashboard/sign-out")
    assert httpx.get(f"{pages.url}/dashboard", cookies=kept, trust_env=False, timeout=30).status_code == 303


@pytest.mark.parametrize("csrf", ["", "0" * 64, "é"])
def test_a_form_without_our_token_is_refused(pages: Pages, csrf: str) -> None:
    """Whatever stands in its place."""
    client = pages.signed_in(Role.ADMIN)
    answer = client.post("/dashboard/settings/keys", data={"key_name": "mine", "csrf": csrf})
    assert answer.status_code == 403


def test_a_token_of_another_session_is_refused(pages: Pages) -> None:
    """Each session has a token of its own."""
    other = csrf_of(pages.signed_in(Role.OPERATOR))
    client = pages.signed_in(Role.ADMIN)
    answer = client.post("/dashboard/settings/keys", data={"key_name": "mine", "csrf": other})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example.com"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_form_from_another_site_is_refused(pages: Pages, headers: dict[str, str]) -> None:
    """Even with everything else in order."""
    client = pages.signed_in(Role.ADMIN)
    fields = {"key_name": "mine", "csrf": csrf_of(client)}
    assert client.post("/dashboard/settings/keys", data=fields, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("role", "page", "status"),
    [
        (Role.VIEWER, "/calls/new", 403),
        (Role.VIEWER, "/batches/new", 403),
        (Role.VIEWER, "/agents/new", 403),
        (Role.OPERATOR, "/calls/new", 200),
        (Role.OPERATOR, "/batches/new", 200),
    ],
)
def test_pages_ask_for_a_role(pages: Pages, role: Role, page: str, status: int) -> None:
    """Viewers look; operators act."""
    assert pages.signed_in(role).get(f"/dashboard{page}").status_code == status


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_admins_make_keys(pages: Pages, role: Role) -> None:
    """Nor do others see the list of keys."""
    client = pages.signed_in(role)
    assert post(client, "/dashboard/settings/keys", key_name="mine").status_code == 403
    assert "API keys" not in client.get("/dashboard/settings").text


@pytest.mark.parametrize("action", ["pause", "resume", "cancel", "now"])
def test_viewers_do_nothing_to_calls(pages: Pages, action: str) -> None:
    """A form that a viewer makes up is refused."""
    call = pages.call()
    pages.gateway.asked.clear()
    answer = post(pages.signed_in(Role.VIEWER), f"/dashboard/calls/{call.id}/{action}")
    assert answer.status_code == 403
    assert pages.gateway.asked == []


def test_only_admins_change_the_accounts_usual_terms(pages: Pages) -> None:
    """Region, number shown, timezone, calling hours."""
    given: dict[str, Any] = {
        "default_region": "DE",
        "timezone": "Europe/Berlin",
        "default_caller_id": "030 123456",
    }
    given |= {"opens": "09:00", "closes": "18:00", "days": ["mon", "tue"]}
    assert post(pages.signed_in(Role.OPERATOR), "/dashboard/settings/account", **given).status_code == 403
    admin = pages.signed_in(Role.ADMIN)
    assert post(admin, "/dashboard/settings/account", **given).status_code == 303
    with pages.database.read() as session:
        account = find_account(session, pages.account.id)
    assert (account.default_region, account.default_caller_id) == ("DE", "+4930123456")
    assert account.calling_hours == {"start": "09:00:00", "end": "18:00:00", "days": ["mon", "tue"]}
    refused = post(admin, "/dashboard/settings/account", **{**given, "closes": "09:00"})
    assert refused.status_code == 422
    assert "Calling hours need a beginning and an end" in refused.text
    back = {"default_region": "US", "timezone": "UTC", "default_caller_id": "", "opens": "", "closes": ""}
    assert post(admin, "/dashboard/settings/account", **back).status_code == 303


def test_what_a_form_does_not_ask_for_stays(pages: Pages) -> None:
    """An agent edited here keeps the tasks that it was given by the API."""
    with pages.database.write() as session:
        task = AgentTask(trigger="sales", prompt="Sell.")
        agent = an_agent(session, pages.account, tasks=[task], transfer_number="+12025550199")
    given: dict[str, Any] = {"name": "Sales", "system_prompt": "New.", "opening_line": "Hello."}
    given |= {"outcome_name": "BOOKED", "outcome_meaning": "Agreed.", "transfer_number": ""}
    given |= {"language": "en-US", "model": "scripted", "on_voicemail": "hang_up"}
    assert post(pages.signed_in(Role.OPERATOR), f"/dashboard/agents/{agent.id}/edit", **given).is_redirect
    with pages.database.read() as session:
        changed = current_version(session, session.get_one(Agent, agent.id)).definition
    assert (changed.tasks, changed.transfer_number, changed.system_prompt) == ([task], None, "New.")


def test_viewers_see_numbers_masked(pages: Pages) -> None:
    """In the list and on the call's page, in texts and variables too."""
    call = pages.call(number="+12025550123", variables={"first_name": "Ada", "callback": "+12025550199"})
    client = pages.signed_in(Role.VIEWER)
    for page in ("/dashboard/calls", f"/dashboard/calls/{call.id}"):
        shown = client.get(page).text
        assert "+1•••••••123" in shown
        assert "2025550" not in shown
        assert "202-555" not in shown


def test_viewers_see_numbers_masked_however_they_are_written(pages: Pages) -> None:
    """Also where somebody typed or said them as people there do."""
    call = pages.call(number="+12025550123", variables={"callback": "(202) 555-0199", "order": "4521"})
    shown = pages.signed_in(Role.VIEWER).get(f"/dashboard/calls/{call.id}").text
    assert "555-0199" not in shown
    assert "4521" in shown


def test_a_viewer_gets_no_report(pages: Pages) -> None:
    """Files would hold numbers unmasked."""
    client = pages.signed_in(Role.VIEWER)
    for name in ("report.csv", "report.xlsx", "refused.csv"):
        assert client.get(f"/dashboard/batches/batch_any/{name}").status_code == 403


def test_operators_see_numbers(pages: Pages) -> None:
    """As their country writes them."""
    pages.call(number="+12025550123")
    assert "+1 202-555-0123" in pages.signed_in(Role.OPERATOR).get("/dashboard/calls").text


def test_another_accounts_rows_are_not_there(pages: Pages) -> None:
    """A call of somebody else is a page that does not exist, live too."""
    with pages.database.write() as session:
        call = a_call(session, an_agent(session, an_account(session, name="Other")))
    client = pages.signed_in(Role.ADMIN)
    for page in (f"/dashboard/calls/{call.id}", f"/dashboard/calls/{call.id}/live"):
        assert client.get(page).status_code == 404
    assert call.id not in client.get("/dashboard/calls").text


def test_an_error_is_a_page(pages: Pages) -> None:
    """With the way back and the request's id."""
    answer = pages.signed_in(Role.VIEWER).get("/dashboard/calls/call_none")
    assert answer.status_code == 404
    assert "This page is not there" in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_what_people_type_is_never_markup(pages: Pages) -> None:
    """A name with tags is shown as it is written."""
    call = pages.call(variables={"first_name": "<script>alert(1)</script>"})
    shown = pages.signed_in(Role.ADMIN).get(f"/dashboard/calls/{call.id}").text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
