"""`outdial setup`: everything that the parts need, once, whoever else does the same at the same time."""

import asyncio
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from engine.setup import UPKEEP, setup_patiently
from outdial.cli.access import FirstAccount
from outdial.cli.service import StartFailed
from outdial.cli.setup import set_up_database, set_up_temporal
from outdial.settings import Settings
from outdial.store.accounts import all_accounts, keys_of
from outdial.store.database import Database
from tests.temporal_server import ATTRIBUTES, dev_server

pytestmark = pytest.mark.anyio

AT_ONCE = 4
KEY = "a key of our own choice"


@pytest.fixture(scope="module")
def temporal() -> Iterator[str]:
    with dev_server() as address:
        yield address


def settings_for(address: str, namespace: str, **given: Any) -> Settings:
    return Settings.model_validate({"temporal_address": address, "temporal_namespace": namespace, **given})


async def run_setup(environment: dict[str, str]) -> tuple[int | None, str]:
    """The command's status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "outdial", "setup"),
        env={**os.environ, **environment},
        stderr=asyncio.subprocess.PIPE,
    )
    _, words = await process.communicate()
    return process.returncode, words.decode()


async def retention(client: Client) -> timedelta:
    request = DescribeNamespaceRequest(namespace=client.namespace)
    described = await client.workflow_service.describe_namespace(request)
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


@pytest.mark.slow
async def test_several_processes_set_up_the_same_from_nothing(
    temporal: str, postgres_address: str, tmp_path: Path
) -> None:
    """All succeed; there is one account with one key, a namespace, its attributes and its Schedules."""
    environment = {
        "OUTDIAL_DATA": str(tmp_path),
        "OUTDIAL_DATABASE_URL": postgres_address,
        "OUTDIAL_TEMPORAL_ADDRESS": temporal,
        "OUTDIAL_TEMPORAL_NAMESPACE": "from-nothing",
        "OUTDIAL_API_KEY": KEY,
    }
    done = await asyncio.gather(*(run_setup(environment) for _ in range(AT_ONCE)))
    assert [status for status, _ in done] == [0] * AT_ONCE, done
    assert_one_account(postgres_address)
    await assert_known(temporal, "from-nothing")


async def test_a_database_is_set_up_once_however_many_do_it(postgres_address: str, tmp_path: Path) -> None:
    """Tables, the account and its key."""
    settings = Settings.model_validate({"data": tmp_path, "database_url": postgres_address, "api_key": KEY})
    asked = (asyncio.to_thread(set_up_database, settings, FirstAccount()) for _ in range(AT_ONCE))
    assert {key for key, _ in await asyncio.gather(*asked)} == {KEY}
    assert_one_account(postgres_address)


async def test_a_namespace_is_set_up_however_many_do_it(temporal: str) -> None:
    """What it keeps, its attributes and its Schedules."""
    settings = settings_for(temporal, "at-once")
    await asyncio.gather(*(setup_patiently(settings) for _ in range(AT_ONCE)))
    await assert_known(temporal, "at-once")


async def assert_known(temporal: str, namespace: str) -> None:
    client = await Client.connect(temporal, namespace=namespace)
    assert await retention(client) == timedelta(days=3)
    request = ListSearchAttributesRequest(namespace=namespace)
    attributes = await client.operator_service.list_search_attributes(request)
    assert set(ATTRIBUTES) <= set(attributes.custom_attributes)
    assert {listed.id async for listed in await client.list_schedules()} == schedule_ids()


def assert_one_account(address: str) -> None:
    database = Database(address)
    with database.read() as session:
        [account] = all_accounts(session)
        assert len(keys_of(session, account.id)) == 1
    database.close()


def schedule_ids() -> set[str]:
    return {f"outdial-{job.replace('_', '-')}" for job in UPKEEP}


async def test_another_retention_is_taken_over(temporal: str) -> None:
    """Setting it and setting up again is enough."""
    settings = settings_for(temporal, "kept-longer")
    await setup_patiently(settings)
    await setup_patiently(settings.model_copy(update={"temporal_retention_days": 30}))
    assert await retention(await Client.connect(temporal, namespace="kept-longer")) == timedelta(days=30)


async def test_what_an_operator_paused_stays_paused(temporal: str) -> None:
    """A deployment in the middle of a repair changes nothing about it."""
    settings = settings_for(temporal, "under-repair")
    await setup_patiently(settings)
    client = await Client.connect(temporal, namespace="under-repair")
    handle = client.get_schedule_handle("outdial-reconcile")
    await handle.pause(note="repair")
    await setup_patiently(settings)
    assert (await handle.describe()).schedule.state.paused


async def test_what_can_not_be_used_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with a traceback."""
    monkeypatch.setenv("OUTDIAL_TEMPORAL_TLS_CA", str(tmp_path / "nowhere.pem"))
    with pytest.raises(StartFailed) as caught:
        await set_up_temporal(Settings.model_validate({"data": tmp_path}))
    assert "OUTDIAL_TEMPORAL_TLS_CA" in str(caught.value)
    assert "Traceback" not in str(caught.value)
