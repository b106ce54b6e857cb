"""The dashboard and the alert rules ask for what is really told."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from temporalio.client import Client

from outdial.settings import Settings
from tests.observing.placing import place
from tests.observing.promql import Asked, asked
from tests.system.stand import PATIENCE, standing, until
from tests.temporal_server import free_port, wait_until_open

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy/grafana/outdial.json"
RULES = ROOT / "deploy/prometheus/alerts.yml"
# Prometheus' own: whether a process answered it, and who that was.
ITS_OWN_METRICS = {"up"}
ITS_OWN_LABELS = {"job", "instance"}
# What the SDK tells once it has happened, which is soon.
LATE = ("temporal_workflow_task_execution_failed", "temporal_activity_execution_failed")
DATABASE_GAUGES = re.compile(r"outdial_(database|calls_open|calls_unstarted|lines|webhooks_)")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def rules() -> list[dict[str, Any]]:
    """Every alert rule."""
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    """Every expression of the rules and of the dashboard."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    shown = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    return [*shown, *(rule["expr"] for rule in rules())]


def everything_asked() -> list[Asked]:
    """Every metric of every expression."""
    return [each for expression in expressions() for each in asked(expression)]


@pytest.mark.slow
async def test_what_is_asked_for_is_told_once_a_call_was_placed(tmp_path: Path, database_url: str) -> None:
    """By an API, a worker and Temporal's SDK; labels are those that the expressions name."""
    told = await _told(tmp_path, database_url)
    for each in everything_asked():
        if each.metric not in ITS_OWN_METRICS:
            assert each.metric in told, each
            assert each.labels - ITS_OWN_LABELS <= told[each.metric], each


def test_what_every_api_tells_alike_is_counted_once() -> None:
    """Gauges that come from the database are read by max or min, however many APIs there are."""
    for each in everything_asked():
        if DATABASE_GAUGES.match(each.metric):
            assert each.inside[-1:] in (("max",), ("min",)), each


def test_every_alert_is_explained() -> None:
    """Each has a summary and a severity, and the operations manual says what to do."""
    manual = (ROOT / "docs/operations.md").read_text()
    for rule in rules():
        assert {"alert", "expr", "for", "labels", "annotations"} == rule.keys()
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]
        assert f"`{rule['alert']}`" in manual


def test_what_is_scraped_is_where_the_parts_serve_it() -> None:
    """The configuration is YAML, has both jobs that the expressions name, and the rules."""
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    assert [job["job_name"] for job in config["scrape_configs"]] == ["outdial-api", "outdial-worker"]
    assert config["rule_files"] == [RULES.name]


async def _told(folder: Path, database_url: str) -> dict[str, set[str]]:
    """The names of all metrics after a call, each with its labels."""
    async with standing(folder, database_url, simulated_speed=1000) as stand:
        stand.api.start()
        await asyncio.to_thread(wait_until_open, stand.seen.settings.api_port, PATIENCE)
        port = free_port()  # now that the others have theirs
        stand.worker.environment = {**stand.worker.environment, "OUTDIAL_WORKER_METRICS_PORT": str(port)}
        stand.worker.start()
        await asyncio.to_thread(wait_until_open, port, PATIENCE)
        await _break_something(stand.seen.client, stand.seen.settings)
        await asyncio.to_thread(place, stand)
        await stand.ended(stand.recorded())
        await until(lambda: all(each in _scraped(port) for each in LATE), "the SDK has told of all")
        return _labels(_scraped(port)) | _labels(_scraped(stand.seen.settings.api_port))


async def _break_something(client: Client, settings: Settings) -> None:
    """What only failures tell of: a workflow that no worker knows, and an activity that none does."""
    await client.start_workflow("NoSuchWorkflow", id="no-such", task_queue=settings.task_queue)
    await client.start_workflow("Upkeep", "no_such_job", id="no-job", task_queue=settings.task_queue)


def _scraped(port: int) -> str:
    return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=30).text


def _labels(text: str) -> dict[str, set[str]]:
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    found: dict[str, set[str]] = {}
    for sample in samples:
        found.setdefault(sample.name, set()).update(sample.labels)
    return found
