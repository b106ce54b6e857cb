"""The served application alone, and with a real Temporal server and a worker behind it."""

from collections.abc import AsyncIterator

import pytest

from outdial.store.database import Database
from tests.api.conftest import api, lite, settings  # pyright: ignore[reportPrivateUsage]
from tests.mico.standing import Standing, standing

__all__ = ["api", "lite", "settings"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def stand(temporal: str, some_database: Database) -> AsyncIterator[Standing]:
    """A served API whose worker runs, and a client with an access token."""
    async with standing(temporal, some_database) as stand:
        yield stand
