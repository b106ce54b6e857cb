"""The served application, as the tests of the API have it."""

from tests.api.conftest import api, lite, refusing, settings  # pyright: ignore[reportPrivateUsage]

__all__ = ["api", "lite", "refusing", "settings"]
