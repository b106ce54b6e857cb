"""A walk through the dashboard: its pages by name, and something to see on each of them."""

import time
from typing import Any

import httpx

from tests.dashboard.pages import post
from tests.dashboard.people import NEVER_ANSWERS, Desk

TOUR = (
    "overview",
    "calls",
    "new-call",
    "call",
    "call-waiting",
    "batches",
    "new-batch",
    "batch",
    "campaigns",
    "campaign",
    "agents",
    "agent",
    "agent-edit",
    "agent-test",
    "contacts",
    "contact",
    "do-not-call",
    "webhooks",
    "webhook",
    "deliveries",
    "delivery",
    "settings",
)
WITHIN = 90
PEOPLE = 24


def fill(desk: Desk, number: str, *, people: int = PEOPLE) -> dict[str, str]:
    """Place calls and a batch by the API and wait for them; each page's address by its name."""
    with desk.stack.client() as client:
        hook = _posted(client, "/v1/webhooks", url="http://127.0.0.1:9/hooks", description="Booking system")
        _posted(client, "/v1/do-not-call", number="+12025550166", source="letter")
        call = _call(client, desk, number)
        waiting = _call(client, desk, NEVER_ANSWERS, schedule_at=int(time.time()) + 86_400)
        batch = _posted(
            client,
            "/v1/calls/batch",
            agent_id=desk.agent_id,
            name="Check-ups in March",
            concurrency=8,
            recipients=[*_people(people), {"phone": "12"}],
        )
        _ended(client, f"/v1/calls/{call}")
        _ended(client, f"/v1/calls/batch/{batch['id']}")
        ids = {
            "call": call,
            "waiting": waiting,
            "batch": batch["id"],
            "hook": hook["id"],
            "delivery": client.get("/v1/deliveries").json()["data"][0]["id"],
            "contact": _posted(client, "/v1/contacts", number=number, full_name="Ada Lovelace")["id"],
            "campaign": _campaign(desk),
        }
    return _addresses(desk, **ids)


def _addresses(desk: Desk, **ids: str) -> dict[str, str]:
    agent = f"/dashboard/agents/{desk.agent_id}"
    plain = (
        "calls",
        "batches",
        "campaigns",
        "agents",
        "contacts",
        "do-not-call",
        "webhooks",
        "deliveries",
        "settings",
    )
    return {
        **{name: f"/dashboard/{name}" for name in plain},
        "overview": "/dashboard",
        "new-call": "/dashboard/calls/new",
        "call": f"/dashboard/calls/{ids['call']}",
        "call-waiting": f"/dashboard/calls/{ids['waiting']}",
        "new-batch": "/dashboard/batches/new",
        "batch": f"/dashboard/batches/{ids['batch']}",
        "agent": agent,
        "agent-edit": f"{agent}/edit",
        "agent-test": f"{agent}/test",
        "contact": f"/dashboard/contacts/{ids['contact']}",
        "campaign": f"/dashboard/campaigns/{ids['campaign']}",
        "webhook": f"/dashboard/webhooks/{ids['hook']}",
        "delivery": f"/dashboard/deliveries/{ids['delivery']}",
    }


def _campaign(desk: Desk) -> str:
    """A campaign, by the form: the native API has none."""
    cookies = {cookie.get("name", ""): cookie.get("value", "") for cookie in desk.state.get("cookies", [])}
    with httpx.Client(base_url=desk.stack.url, cookies=cookies, timeout=30, trust_env=False) as client:
        answer = post(client, "/dashboard/campaigns", name="Spring")
        return answer.headers["location"].rpartition("/")[2]


def _people(number: int) -> list[dict[str, Any]]:
    fates = {3: "9001", 7: "9003", 11: "9004", 15: "9005", 19: "9007"}
    return [
        {
            "phone": f"+1202555{fates.get(n, f'{400 + n:04}')}",
            "variables": {"first_name": f"Person {n}", "week": "8 March"},
        }
        for n in range(number)
    ]


def _call(client: httpx.Client, desk: Desk, number: str, **given: Any) -> str:
    variables = {"first_name": "Ada", "week": "8 March"}
    order = {"agent_id": desk.agent_id, "recipient_phone": number, "variables": variables, **given}
    return _posted(client, "/v1/call", **order)["id"]


def _posted(client: httpx.Client, address: str, **body: Any) -> dict[str, Any]:
    answer = client.post(address, json=body)
    assert answer.is_success, answer.text
    return answer.json()


def _ended(client: httpx.Client, address: str) -> None:
    deadline = time.monotonic() + WITHIN
    while client.get(address).json()["ended_at"] is None and time.monotonic() < deadline:
        time.sleep(0.3)
