"""How many conversations at a carrier's socket one API process holds, and what it adds to the agent's own time."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

import psutil
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect

from bench.report import Figure, percentile, say
from bench.stage import Stage
from outdial.carriers.twilio.addresses import Addresses
from outdial.carriers.twilio.signatures import relay_token
from outdial.models import Attempt, Call
from outdial.models.base import utc_now
from tests.temporal_server import wait_until_open

EVERY = 5.0
ACCOUNT_SID, AUTH_TOKEN = "AC" + "0" * 32, "0" * 32
MEGABYTE = 1_048_576
# What the scripted agent answers without ending the call; it takes no time of its own to think.
CHAT = "Well, there was rain all day yesterday."
OPENERS = 25
START_WITHIN = 120


def settings() -> Mapping[str, Any]:
    """What a stage needs so that its API takes conversations; Twilio itself is never asked."""
    return {
        "carrier": "twilio",
        "twilio_account_sid": ACCOUNT_SID,
        "twilio_auth_token": AUTH_TOKEN,
        "twilio_api_url": "http://127.0.0.1:9",
    }


async def measure(stage: Stage, *, sessions: int, seconds: float) -> list[Figure]:
    """So many sessions at once, each with a turn every five seconds."""
    stage.worker.stop()
    stage.api.start()
    await asyncio.to_thread(wait_until_open, stage.settings.api_port, START_WITHIN)
    keys = await asyncio.to_thread(_attempts, stage, sessions + 1)
    await _warm_up(stage, keys.pop())
    before = _resident(stage)
    gate, until = asyncio.Semaphore(OPENERS), asyncio.Event()
    latencies: list[float] = []
    held = [asyncio.create_task(_hold(stage, key, gate, until, latencies)) for key in keys]
    await asyncio.sleep(EVERY * 2)
    grown = (_resident(stage) - before) / sessions * 1024
    say(f"{sessions} sessions are open")
    latencies.clear()
    await asyncio.sleep(seconds)
    failed = sum(task.done() for task in held)
    until.set()
    await asyncio.gather(*held, return_exceptions=True)
    return [
        Figure("conversations held by one API process", sessions - failed, "", aim="500"),
        Figure("turns a second", len(latencies) / seconds, ""),
        Figure("added latency of a turn, p50", percentile(latencies, 0.5) * 1000, "ms"),
        Figure("added latency of a turn, p95", percentile(latencies, 0.95) * 1000, "ms", aim="50 ms"),
        Figure("API memory per conversation", grown, "KB"),
    ]


async def _warm_up(stage: Stage, key: str) -> None:
    done = asyncio.Event()
    warming = asyncio.create_task(_hold(stage, key, asyncio.Semaphore(1), done, []))
    await asyncio.sleep(1)
    done.set()
    await warming


async def _hold(
    stage: Stage, key: str, gate: asyncio.Semaphore, until: asyncio.Event, latencies: list[float]
) -> None:
    async with gate:
        url = Addresses.of(stage.settings, key).relay(relay_token(stage.settings, key))
        validator: Any = RequestValidator(AUTH_TOKEN)
        headers = {"X-Twilio-Signature": str(validator.compute_signature(url, {}))}
        socket = await connect(url, additional_headers=headers, proxy=None, compression=None)
        await socket.send(json.dumps({"type": "setup", "callSid": "CA" + key[-32:].replace(":", "0")}))
        await _turn(socket)
    async with socket:
        while not until.is_set():
            started = time.perf_counter()
            await socket.send(json.dumps({"type": "prompt", "voicePrompt": CHAT, "last": True}))
            first = await _turn(socket)
            latencies.append(first - started)
            await _pause(until, EVERY - (time.perf_counter() - started))


async def _pause(until: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(until.wait(), max(0.0, seconds))
    except TimeoutError:
        return


async def _turn(socket: ClientConnection) -> float:
    """Hear the agent's turn to its end, and say when its first word came."""
    first: float | None = None
    while True:
        frame = json.loads(await socket.recv())
        first = first or time.perf_counter()
        if frame.get("last"):
            await socket.send(json.dumps({"type": "info", "name": "agentSpeaking", "value": "off"}))
            return first


def _attempts(stage: Stage, number: int) -> list[str]:
    """Attempts that were answered a moment ago; their dial keys."""
    calls = [stage.record() for _ in range(number)]
    with stage.database.write() as session:
        session.add_all(_attempt(call) for call in calls)
    return [f"{call.id}:1" for call in calls]


def _attempt(call: Call) -> Attempt:
    now = utc_now()
    return Attempt(
        account_id=call.account_id,
        call_id=call.id,
        number=1,
        dial_key=f"{call.id}:1",
        carrier="twilio",
        intended_at=now,
        answered_at=now,
    )


def _resident(stage: Stage) -> float:
    return psutil.Process(stage.api.pid).memory_info().rss / MEGABYTE
