"""What the tests of deployments share."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
