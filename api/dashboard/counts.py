"""Counted numbers, kept for a moment: however many pages are open, each is counted so often and no more."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

MOST_KEPT = 1_000

Counted = TypeVar("Counted")


@dataclass
class Counts:
    """What was counted, by what it is."""

    kept: dict[object, tuple[float, Any]] = field(default_factory=dict[object, tuple[float, Any]])
    counting: threading.Lock = field(default_factory=threading.Lock)

    def of(self, key: object, lasts: float, count: Callable[[], Counted]) -> Counted:
        """The number under this key, counted anew where it is older than ``lasts`` seconds."""
        with self.counting:
            at, known = self.kept.get(key, (0.0, None))
            if known is not None and time.monotonic() < at + lasts:
                return cast("Counted", known)
        found = count()
        with self.counting:
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            self.kept[key] = (time.monotonic(), found)
        return found
