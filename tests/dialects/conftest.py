"""The served application, as the tests of the API have it."""

from tests.api.conftest import _logs_are_captured, api, lite, refusing, settings  # pyright: ignore[reportPrivateUsage]

__all__ = ["_logs_are_captured", "api", "lite", "refusing", "settings"]
