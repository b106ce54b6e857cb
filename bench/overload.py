"""Ten times the load: what is offered beyond what can be done is taken and done late, or refused; nothing fails."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import httpx
import psutil
from sqlmodel import col, select

from bench.calls import WARM_UP, one_call, rate
from bench.report import Figure, percentile, say
from bench.stage import Stage
from outdial.models import Attempt, Call
from outdial.models.base import utc_now
from outdial.store.scope import rows_of
from tests.system.processes import Process
from tests.temporal_server import wait_until_open

TIMES = 10
CAPACITY_OF = 100
TICK = 0.1
START_WITHIN = 120
# How long what was accepted may take to be done, for each second that was offered.
DONE_WITHIN = 4 * TIMES
MEGABYTE = 1_048_576
REFUSALS = (429, 503)


@dataclass
class _Offered:
    answers: Counter[int] = field(default_factory=Counter[int])  # 0: no answer at all

    @property
    def refused(self) -> int:
        return sum(self.answers[status] for status in REFUSALS)

    @property
    def failed(self) -> int:
        return self.answers.total() - self.answers[201] - self.refused


async def measure(stage: Stage, *, seconds: float) -> list[Figure]:
    """Offer ten times what this machine does, for so long; then wait until all that was accepted is done."""
    stage.api.start()
    await asyncio.to_thread(wait_until_open, stage.settings.api_port, START_WITHIN)
    await rate(lambda: one_call(stage), WARM_UP)
    capacity = await rate(lambda: one_call(stage), CAPACITY_OF)
    before, since = (_resident(stage.api), _resident(stage.worker)), utc_now()
    offered = await _offer(stage, capacity * TIMES, seconds)
    most = _resident(stage.api), _resident(stage.worker)
    say(f"{capacity:.0f} calls/s done, {capacity * TIMES:.0f} offered: {dict(offered.answers)}")
    late = await _done(stage, since, offered.answers[201], seconds * DONE_WITHIN)
    after = _resident(stage.api), _resident(stage.worker)
    await asyncio.to_thread(stage.api.stop)
    return [
        Figure("calls offered", offered.answers.total() / seconds, "/s", capacity, aim="× 10"),
        Figure("of which accepted", offered.answers[201], ""),
        Figure("of which refused with Retry-After", offered.refused, ""),
        Figure("of which failed", offered.failed, "", aim="0"),
        Figure("accepted and not done since", offered.answers[201] - len(late), "", aim="0"),
        Figure("dialled late, p50", percentile(late, 0.5), "s"),
        Figure("dialled late, p99", percentile(late, 0.99), "s"),
        Figure("API memory, after the load", max(most[0], after[0]), "MB", before[0]),
        Figure("worker memory, after the load", max(most[1], after[1]), "MB", before[1]),
    ]


async def _offer(stage: Stage, pace: float, seconds: float) -> _Offered:
    """Requests come when they come, whether the ones before were answered or not."""
    offered, asked, began = _Offered(), list[asyncio.Task[None]](), time.perf_counter()
    body = {"agent_id": stage.agent.id, "recipient_phone": "+12025550123", "variables": {"first_name": "Ada"}}
    async with _client(stage) as client:

        async def ask() -> None:
            try:
                answer = await client.post("/v1/call", json=body)
            except httpx.HTTPError:
                offered.answers[0] += 1
                return
            told = answer.status_code not in REFUSALS or "Retry-After" in answer.headers
            offered.answers[answer.status_code if told else 0] += 1

        while (passed := time.perf_counter() - began) < seconds:
            asked += [asyncio.create_task(ask()) for _ in range(int(passed * pace) - len(asked))]
            await asyncio.sleep(TICK)
        await asyncio.gather(*asked)
    return offered


def _client(stage: Stage) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{stage.settings.api_port}",
        headers={"Authorization": f"Bearer {stage.key}"},
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=200),
        trust_env=False,
        timeout=60,
    )


async def _done(stage: Stage, since: datetime, accepted: int, seconds: float) -> list[float]:
    """How late each accepted call was dialled, in seconds, once all have ended or the time is over."""
    until = time.perf_counter() + seconds
    late: list[float] = []
    while len(late) < accepted and time.perf_counter() < until:
        await asyncio.sleep(1)
        late = await asyncio.to_thread(_lateness, stage, since)
    return late


def _lateness(stage: Stage, since: datetime) -> list[float]:
    mine = rows_of(stage.account.id, Call).where(
        col(Call.created_at) >= since, col(Call.ended_at).is_not(None)
    )
    first = select(Attempt.call_id, Attempt.intended_at).where(Attempt.number == 1)
    with stage.database.read() as session:
        due = {call.id: call.due_at for call in session.exec(mine)}
        dialled = session.exec(first.where(col(Attempt.intended_at) >= since)).all()
    return [(at - due[call]).total_seconds() for call, at in dialled if call in due]


def _resident(process: Process) -> float:
    return psutil.Process(process.pid).memory_info().rss / MEGABYTE
