"""`GET /metrics`: who may read it, and what it says."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import event

from outdial.models import Attempt, Call, Delivery
from outdial.models.base import utc_now
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.gauges import read_gauges
from tests.api.serving import Api, Recorder, an_api, served
from tests.build import a_call

TOKEN = "an operators' token"


def values(api: Api) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample, by its name and labels."""
    answer = api.client.get("/metrics")
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(api: Api, name: str, **labels: str) -> float:
    """One sample; 0 where there is none."""
    return values(api).get((name, frozenset(labels.items())), 0.0)


def test_requests_are_counted_by_route_and_status(lite: Api) -> None:
    """By the route's template, so that neither ids nor what strangers make up become labels."""
    asked = {"method": "GET", "route": "/v1/calls/{call_id}", "status": "404"}
    nowhere = {"method": "GET", "route": "none", "status": "404"}
    before = value(lite, "outdial_http_requests_total", **asked)
    before_nowhere = value(lite, "outdial_http_requests_total", **nowhere)
    for path in ("/v1/calls/call_1", "/v1/calls/call_2", "/no/such/+12025550123"):
        assert lite.client.get(path).status_code == 404
    assert value(lite, "outdial_http_requests_total", **asked) == before + 2
    assert value(lite, "outdial_http_requests_total", **nowhere) == before_nowhere + 1
    assert "call_1" not in lite.client.get("/metrics").text
    assert "2025550123" not in lite.client.get("/metrics").text


def test_the_database_says_what_is_open(api: Api) -> None:
    """Open calls, lines in use of how many, webhooks that wait, calls without a workflow."""
    now = utc_now()
    with api.database.write() as session:
        live = a_call(session, api.agent, number="+12025550101", workflow_started=True)
        session.add(_attempt(live))
        a_call(
            session,
            api.agent,
            number="+12025550102",
            workflow_started=False,
            created_at=now - timedelta(seconds=90),
        )
        a_call(session, api.agent, number="+12025550103", workflow_started=True, ended_at=now)
        session.add(_delivery(api, due=now - timedelta(seconds=60)))
        session.add(_delivery(api, due=now + timedelta(hours=1)))
    assert value(api, "outdial_calls_open", status="scheduled", progress="waiting") == 2
    assert value(api, "outdial_lines_in_use") == 1
    assert value(api, "outdial_lines") == api.account.lines
    assert value(api, "outdial_lines_busiest_ratio") == pytest.approx(1 / api.account.lines)
    assert value(api, "outdial_webhooks_pending") == 2
    assert value(api, "outdial_webhooks_due") == 1
    assert 60 <= value(api, "outdial_webhooks_due_oldest_seconds") < 600
    assert value(api, "outdial_calls_unstarted") == 1
    assert value(api, "outdial_calls_unstarted_oldest_seconds") >= 90


def test_where_a_token_is_set_only_who_has_it_may_read(settings: Settings, some_database: Database) -> None:
    """Neither an account's key nor being on this machine is enough."""
    guarded = settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    with an_api(guarded, some_database) as api:
        assert api.client.get("/metrics").status_code == 403
        with httpx.Client(base_url=api.url, trust_env=False, timeout=30) as operator:
            assert operator.get("/metrics").status_code == 403
            headers = {"Authorization": f"Bearer {TOKEN}"}
            assert operator.get("/metrics", headers=headers).status_code == 200


def test_without_a_token_another_machine_is_refused(lite: Api) -> None:
    """Also one that a proxy on this machine speaks for."""
    refused = lite.client.get("/metrics", headers={"X-Forwarded-For": "198.51.100.7"})
    assert refused.status_code == 403


def test_metrics_are_told_while_the_database_is_away(settings: Settings) -> None:
    """That it is away is one of them."""
    nowhere = Database("postgresql://nobody@127.0.0.1:9/none")
    with (
        served(settings, nowhere, Recorder()) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=30) as operator,
    ):
        text = operator.get("/metrics").text
    assert "outdial_database_up 0.0" in text
    assert "outdial_lines_in_use" not in text


def test_gauges_are_read_from_indexes(sqlite: Database) -> None:
    """What a scrape costs grows with what is open, not with what there is."""
    plans = list[str]()

    def explain(connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            rows = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans.extend(row[3] for row in rows)

    event.listen(sqlite.engine, "before_cursor_execute", explain)
    with sqlite.read() as session:
        read_gauges(session, utc_now())
    for index in ("ix_call_open", "ix_attempt_line", "ix_delivery_due", "ix_call_unstarted"):
        assert any(index in plan for plan in plans), (index, plans)
    for table in ("call", "attempt", "delivery"):
        assert f"SCAN {table}" not in plans


def _attempt(call: Call) -> Attempt:
    return Attempt(
        account_id=call.account_id,
        call_id=call.id,
        number=1,
        dial_key=f"{call.id}:1",
        carrier="simulated",
        intended_at=utc_now(),
    )


def _delivery(api: Api, due: datetime) -> Delivery:
    return Delivery(
        account_id=api.account.id,
        url="https://example.com",
        event_type="call.completed",
        payload={},
        next_try_at=due,
    )
