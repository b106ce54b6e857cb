"""A Temporal dev server for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.temporal_server import dev_server


@pytest.fixture(scope="session")
def temporal() -> Iterator[str]:
    """The address of a real dev server."""
    with dev_server() as address:
        yield address


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
