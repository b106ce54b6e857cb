"""How long an agent takes to begin to answer, over many turns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Latency:
    """Milliseconds that half of the turns, and 95 % of them, took at most; over how many turns."""

    p50: int
    p95: int
    turns: int


def latency_of(milliseconds: Iterable[int | None]) -> Latency | None:
    """The latencies of those turns where they were measured, None where none was."""
    measured = sorted(each for each in milliseconds if each is not None)
    if not measured:
        return None
    return Latency(_quantile(measured, 0.5), _quantile(measured, 0.95), len(measured))


def _quantile(ordered: Sequence[int], share: float) -> int:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
