"""An account with thousands of everything, where a few rows of each kind are unlike the others."""

from datetime import timedelta
from typing import Any, TypeVar

from sqlmodel import SQLModel

from api.dialects.mico.uids import uid_of
from outdial.models import Attempt, Batch, Call, Campaign, Contact, Delivery, DoNotCall, WebhookEndpoint
from outdial.models.base import utc_now
from tests.api.serving import Api
from tests.build import a_call, an_agent, version_of
from tests.many import analyze, multiply

ROWS = 2_500
NUMBER, RARE_NUMBER = "+12025550100", "+12025550001"
# Calls of schedules are listed by these, in a dialect's words.
NAMES = ("external_id", "first_name", "last_name", "phonetic_first_name", "phonetic_last_name", "email")
_NUMBERS = {"number": "'+1303' || (1000000 + n)"}

Row = TypeVar("Row", bound=SQLModel)


def fill(api: Api) -> dict[str, str]:
    """Make them; answers what finds the rare ones, by the names that the API has for it."""
    now, long_ago = utc_now(), {"created_at": utc_now() - timedelta(days=30)}
    of_batch = _of_batch(api)
    contact = _add(api, Contact, number=NUMBER)
    rare_contact = _add(api, Contact, number=RARE_NUMBER, **long_ago)
    entry = _add(api, DoNotCall, number=NUMBER, source="test")
    _add(api, DoNotCall, number=RARE_NUMBER, source="test")
    batch = _add(api, Batch, status="completed", **of_batch)
    rare_batch = _add(api, Batch, status="canceled", **of_batch, **long_ago)
    call = _call(api, batch_id=batch.id, contact_id=contact.id)
    old = _call(api, batch_id=rare_batch.id, schedule_id=rare_batch.id, **long_ago)
    rare = _rare_call(api, batch_id=rare_batch.id, schedule_id=rare_batch.id, **long_ago)
    _call(api, contact_id=rare_contact.id, initial_message="Hello", **long_ago)
    tried = {"number": 1, "carrier": "simulated", "intended_at": now, "ended_at": now, "state": "ended"}
    of_schedule = {"schedule_id": rare_batch.id, **tried}
    attempt = _add(api, Attempt, **of_schedule, call_id=old.id, dial_key="old", disposition="answered")
    _add(api, Attempt, **of_schedule, call_id=rare.id, dial_key="rare", disposition="busy")
    endpoint = _add(api, WebhookEndpoint, url="https://example.com", secret="-")
    told: dict[str, Any] = {"url": "https://example.com", "payload": {}, "ended_at": now}
    delivery = _add(api, Delivery, **told, event_type="call.completed", state="delivered", call_id=call.id)
    dead = {"event_type": "call.canceled", "state": "dead", "call_id": rare.id, "endpoint_id": endpoint.id}
    _add(api, Delivery, **told, **dead, **long_ago)

    for alike in (contact, entry):
        multiply(api.database, alike, ROWS, **_NUMBERS)
    multiply(api.database, batch, ROWS)
    multiply(api.database, delivery, ROWS, call_id="'call_' || n")
    multiply(api.database, call, ROWS, batch_row="n + 10", **_NUMBERS)
    ids = multiply(api.database, old, ROWS // 2, batch_row="n + 10", **_NUMBERS)
    multiply(api.database, attempt, ROWS // 2, call_id=ids, dial_key="'old' || n")
    analyze(api.database)
    return {
        "batch_id": rare_batch.id,
        "uid": uid_of(rare_batch.id),
        "campaign": uid_of(of_batch["campaign_id"]),
        "webhook_id": endpoint.id,
        "call_id": rare.id,
        "agent_id": rare.agent_id,
        "number": RARE_NUMBER,
        "phone_number": RARE_NUMBER,
        "outcome": "RARE",
        "attempt_status": "busy",
        "is_test_call": "true",
        "state": "dead",
        "event": "call.canceled",
        "archived": "true",
        "created_from": (now + timedelta(days=1)).isoformat(),
        "created_to": (now - timedelta(days=1)).isoformat(),
        "metadata[order]": "rare",
        **dict.fromkeys(NAMES, "Rare"),
    }


def _of_batch(api: Api) -> dict[str, Any]:
    campaign, now = _add(api, Campaign, name="Everybody"), utc_now()
    with api.database.read() as session:
        version = version_of(session, api.agent)
    who = {"agent_id": api.agent.id, "agent_version_id": version.id, "campaign_id": campaign.id}
    return {
        "name": "b",
        "stays_open": True,
        "due_at": now,
        "ended_at": now,
        "max_duration_seconds": 60,
        **who,
    }


def _call(api: Api, **given: Any) -> Call:
    """One of many."""
    alike: dict[str, Any] = {"status": "completed", "outcome": "BOOKED", "client_metadata": {"order": "1"}}
    ended: dict[str, Any] = {"workflow_started": True, "ended_at": utc_now(), "may_repeat": True}
    with api.database.write() as session:
        return a_call(session, api.agent, **{**alike, **ended, "number": NUMBER, "batch_row": 0, **given})


def _rare_call(api: Api, **given: Any) -> Call:
    """Unlike them by each of the filters."""
    with api.database.write() as session:
        agent = an_agent(session, api.account, name="Rare")
    unlike = {"status": "failed", "outcome": "RARE", "client_metadata": {"order": "rare"}, "batch_row": 1}
    call = _call(api, **unlike, number=RARE_NUMBER, **dict.fromkeys(NAMES, "Rare"), **given)
    with api.database.write() as session:
        row = session.get_one(Call, call.id)
        row.agent_id = agent.id
        session.add(row)
    return row


def _add(api: Api, model: type[Row], **given: Any) -> Row:
    with api.database.write() as session:
        row = model(account_id=api.account.id, **given)
        session.add(row)
    return row
