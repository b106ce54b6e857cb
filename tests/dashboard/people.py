"""Who sits at the dashboard in these tests, and whom they call."""

from dataclasses import dataclass

from playwright.sync_api import StorageState

from tests.dashboard.stack import Stack

ADMIN = "ada@example.com"
PASSWORD = "correct horse battery"

# People of the simulated carrier, by the table in docs/simulation.md.
BOOKS = "+12025550123"
CHATS = "+12025559014"
NEVER_ANSWERS = "+12025559003"

AGENT = {
    "name": "Front desk",
    "system_prompt": "You call {{first_name}} for Lakeside Dental to book a check-up in the week of {{week}}.",
    "opening_line": "Hello {{first_name}}, this is Lakeside Dental. Shall we find a time?",
    "outcomes": [
        {"name": "BOOKED", "meaning": "The person agreed to a time."},
        {"name": "REFUSED", "meaning": "The person does not want a check-up."},
    ],
    "fields": [{"name": "appointment_time", "description": "The day and time they agreed to."}],
}


@dataclass(frozen=True)
class Desk:
    """A signed-in admin's browser state, and the agent that the account has."""

    stack: Stack
    state: StorageState
    agent_id: str


def make_agent(stack: Stack) -> str:
    """The agent that the tests call with, by the API."""
    with stack.client() as client:
        answer = client.post("/v1/agents", json=AGENT)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]
