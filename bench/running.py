"""Running measures so that they end: each within its time, and what they started with them, also on SIGTERM."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bench.report import Figure, say

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


async def within(minutes: float, name: str, measure: Callable[[], Awaitable[list[Figure]]]) -> list[Figure]:
    """The measure's figures; none, and a word about it, where it takes longer."""
    try:
        async with asyncio.timeout(minutes * 60):
            return await measure()
    except TimeoutError:
        say(f"{name}: given up after {minutes:g} minutes")
        return []


def run(work: Coroutine[Any, Any, list[Figure]]) -> list[Figure]:
    """Run it to its end. A signal that asks to end cancels it, so that what it started is stopped."""

    async def main() -> list[Figure]:
        task = asyncio.current_task()
        assert task is not None, "we run in one"
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await work

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        sys.exit("stopped")
    finally:
        end_in_order()


def end_in_order() -> None:
    """From here on such a signal leaves by way of every block, where no event loop runs."""
    for number in _SIGNALS:
        signal.signal(number, _leave)


def _leave(_number: int, _frame: object) -> None:
    sys.exit("stopped")
