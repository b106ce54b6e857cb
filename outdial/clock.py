"""Where the time comes from: the machine's clock, or in tests that skip time, the test server's."""

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
