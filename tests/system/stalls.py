"""Points in a call's life at which a worker stands still, so that it can be killed exactly there."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PAUSE = 0.05


@dataclass(frozen=True)
class Stalls:
    """Kept in a folder, because a test and the worker that it kills have no other memory in common."""

    folder: Path

    def write(self, points: Mapping[str, str]) -> None:
        """Which call stalls at which point; before the worker starts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "points.json").write_text(json.dumps(dict(points)))

    def read(self) -> dict[str, str]:
        return json.loads((self.folder / "points.json").read_text())

    def reached(self) -> set[str]:
        """Calls that stand at their point, or stood there."""
        return {path.name for path in self.folder.glob("call_*")}

    def release(self) -> None:
        """Let them all go on."""
        (self.folder / "released").touch()

    @property
    def released(self) -> bool:
        return (self.folder / "released").exists()


class Stalling:
    """The worker's side of it."""

    def __init__(self, stalls: Stalls) -> None:
        self._stalls = stalls
        self._points = stalls.read()

    async def at(self, call_id: str | None, point: str) -> None:
        """Stand here, if this call does, until released."""
        while self._stands(call_id, point):
            await asyncio.sleep(PAUSE)

    def block_at(self, call_id: str, point: str) -> None:
        """The same in a thread."""
        while self._stands(call_id, point):
            time.sleep(PAUSE)

    def _stands(self, call_id: str | None, point: str) -> bool:
        if call_id is None or self._points.get(call_id) != point or self._stalls.released:
            return False
        (self._stalls.folder / call_id).touch()
        return True
