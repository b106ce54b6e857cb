"""The line to Temporal: TLS, certificates of both sides, a name of its own, an API key."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from engine.connection import connect
from outdial.errors import Invalid
from outdial.settings import Settings
from tests.deployment.guarded import NAME, Guarded, guarded
from tests.deployment.headers import asked_with
from tests.temporal_server import dev_server

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def temporal() -> Iterator[str]:
    with dev_server() as address:
        yield address


@pytest.fixture
async def strict(temporal: str, tmp_path: Path) -> AsyncGenerator[Guarded]:
    """A Temporal that wants a certificate of its clients."""
    async with guarded(temporal, tmp_path, asks=True) as server:
        yield server


async def connected(**given: Any) -> Client:
    """A client by these settings, which has been answered."""
    client = await connect(Settings.model_validate(given))
    assert await client.service_client.check_health()
    return client


async def test_a_client_with_a_certificate_is_let_in(strict: Guarded) -> None:
    """Authority, certificate and key by their files; the name, since the address is another."""
    await connected(
        temporal_address=strict.address,
        temporal_tls_ca=strict.ca,
        temporal_tls_cert=strict.cert,
        temporal_tls_key=strict.key,
        temporal_tls_server_name=NAME,
    )


async def test_a_client_without_one_is_not(strict: Guarded) -> None:
    """It trusts the server, and the server does not trust it."""
    with pytest.raises((RuntimeError, RPCError)):
        await connected(
            temporal_address=strict.address,
            temporal_tls_ca=strict.ca,
            temporal_tls_server_name=NAME,
        )


@pytest.mark.parametrize(
    "trusted",
    [{"temporal_tls": True}, {"temporal_tls_server_name": "elsewhere.internal"}, {}],
    ids=["unknown authority", "another name", "no TLS at all"],
)
async def test_a_server_that_can_not_be_trusted_is_not_talked_to(
    temporal: str, tmp_path: Path, trusted: dict[str, Any]
) -> None:
    """Its authority is nobody we know, or its certificate is for another name, or we speak no TLS."""
    async with guarded(temporal, tmp_path) as server:
        ca = {"temporal_tls_ca": server.ca} if "temporal_tls_server_name" in trusted else {}
        with pytest.raises((RuntimeError, RPCError)):
            async with asyncio.timeout(20):
                await connected(temporal_address=server.address, **ca, **trusted)


async def test_an_api_key_goes_with_every_request() -> None:
    """As a hosted Temporal expects it; TLS is then a matter of course unless it is turned off."""
    headers = await asked_with(temporal_api_key="a key", temporal_tls=False)
    assert headers["authorization"] == "Bearer a key"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"temporal_tls_cert": "here.pem"}, "OUTDIAL_TEMPORAL_TLS_KEY"),
        ({"temporal_tls_key": "here.key"}, "OUTDIAL_TEMPORAL_TLS_CERT"),
        ({"temporal_tls_ca": "nowhere.pem"}, "OUTDIAL_TEMPORAL_TLS_CA"),
    ],
)
async def test_what_can_not_be_used_is_named(given: dict[str, str], field: str) -> None:
    """A half, or a file that is not there, is told by the setting's name."""
    with pytest.raises(Invalid) as caught:
        await connect(Settings.model_validate(given))
    assert caught.value.field == field
