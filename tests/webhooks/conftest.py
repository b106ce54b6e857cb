"""What the tests of webhooks share."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
