"""Whom the demo calls, and with which agent. What becomes of a call follows from the number's last digits."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Person:
    """Somebody at the simulated carrier."""

    name: str
    number: str
    fate: str


PEOPLE = (
    Person("Ada", "+12025550142", "answers and books"),
    Person("Boris", "+12125559001", "refuses"),
    Person("Chiara", "+14155559002", "is busy, then answers"),
    Person("Dev", "+13125559003", "never answers"),
    Person("Emeka", "+16175559004", "has voicemail on"),
    Person("Fatima", "+13055559005", "asks to be removed"),
)

AGENT: dict[str, Any] = {
    "name": "Lakeside Dental, front desk",
    "system_prompt": "You call {{first_name}} for Lakeside Dental to book a check-up in the week of {{week}}."
    " Be brief and polite. If they don't want to be called, apologise and end the call.",
    "opening_line": "Hello {{first_name}}, this is Lakeside Dental."
    " Your check-up is due in the week of {{week}}. Shall we find a time?",
    "outcomes": [
        {"name": "BOOKED", "meaning": "The person agreed to a time."},
        {"name": "CALLBACK", "meaning": "The person asked to be called at another time."},
        {"name": "REFUSED", "meaning": "The person does not want a check-up."},
        {"name": "OPT_OUT", "meaning": "The person does not want to be called again."},
    ],
    "fields": [
        {"name": "appointment_time", "type": "text", "description": "The day and time they agreed to."}
    ],
    "on_voicemail": "leave_message",
    "voicemail_message": "Hello {{first_name}}, this is Lakeside Dental. Please call us about your check-up.",
}

# One retry, soon: nobody wants to watch a demo wait for an hour.
RETRY: dict[str, Any] = {"type": "consistent", "intervals": [2]}


def order(person: Person, agent_id: str) -> dict[str, Any]:
    """What `POST /v1/call` is asked for."""
    variables = {"first_name": person.name, "week": "8 March"}
    call = {"agent_id": agent_id, "recipient_phone": person.number, "variables": variables, "retry": RETRY}
    return {**call, "metadata": {"name": person.name}}
