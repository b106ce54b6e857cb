"""A call that is placed by a request, over processes that run."""

import httpx

from tests.running import BOOKS
from tests.system.stand import Stand


def place(stand: Stand, number: str = BOOKS) -> str:
    """Ask the API for a call that reports to the receiver; its id."""
    answer = httpx.post(
        f"http://127.0.0.1:{stand.seen.settings.api_port}/v1/call",
        headers={"Authorization": f"Bearer {stand.key}"},
        json={
            "agent_id": stand.seen.agent.id,
            "recipient_phone": number,
            "variables": {"first_name": "Ada"},
            "webhook_url": f"{stand.receiver.url}?token=shared-with-us",
        },
        trust_env=False,
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
