"""The worker, standing still where it is told to: `python -m tests.system.stalling_worker FOLDER`."""

import asyncio
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import temporalio.client
import temporalio.worker
from sqlmodel import col, select
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.parts import Parts
from engine.connection import connect
from outdial.carriers.base import Carrier, Dial, Placed
from outdial.models import Delivery
from outdial.settings import get_settings
from outdial.store.database import Database
from tests.system.stalls import Stalling, Stalls
from worker import make_parts, utc_clock, working


class Interceptor(temporalio.client.Interceptor, temporalio.worker.Interceptor):
    """Stalls before and after activities: at `before dial`, `after conclude` and so on."""

    def __init__(self, stalling: Stalling) -> None:
        self._stalling = stalling

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Inbound(next, self._stalling)


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, stalling: Stalling) -> None:
        super().__init__(following)
        self._stalling = stalling

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        call_id: str | None = getattr(input.args[0], "call_id", None) if input.args else None
        name = activity.info().activity_type
        await self._stalling.at(call_id, f"before {name}")
        result = await super().execute_activity(input)
        await self._stalling.at(call_id, f"after {name}")
        return result


class StallingCarrier:
    """Any carrier, which stalls on either side of being asked: at `before carrier` and `after carrier`."""

    def __init__(self, carrier: Carrier, stalling: Stalling) -> None:
        self.name, self.talks_here = carrier.name, carrier.talks_here
        self.pace, self.rate = carrier.pace, carrier.rate
        self.look_up, self.hang_up = carrier.look_up, carrier.hang_up
        self.leave_message = carrier.leave_message
        self._carrier = carrier
        self._stalling = stalling

    def place(self, dial: Dial) -> Placed:
        call_id = dial.key.partition(":")[0]
        self._stalling.block_at(call_id, "before carrier")
        placed = self._carrier.place(dial)
        self._stalling.block_at(call_id, "after carrier")
        return placed


def stalling_parts(parts: Parts, stalling: Stalling) -> Parts:
    """Parts that stall at the carrier, and at `before webhooks`: the call's end is recorded, nobody told yet."""

    def start(ids: Sequence[str]) -> None:
        with parts.database.read() as session:
            query = select(Delivery.call_id).where(
                col(Delivery.id).in_(ids), Delivery.event_type == "call.completed"
            )
            ended = session.exec(query).all()
        for call_id in filter(None, ended):
            stalling.block_at(call_id, "before webhooks")
        parts.start_deliveries(ids)

    carriers: dict[str, Carrier] = {
        name: StallingCarrier(carrier, stalling) for name, carrier in parts.carriers.items()
    }
    return dataclasses.replace(parts, carriers=carriers, start_deliveries=start)


async def work(folder: Path) -> None:
    """Work until killed."""
    settings, stalling = get_settings(), Stalling(Stalls(folder))
    configured = (await connect(settings)).config()
    configured["interceptors"] = [Interceptor(stalling)]
    client = temporalio.client.Client(**configured)
    database = Database.from_settings(settings, "worker")
    parts = stalling_parts(make_parts(settings, database, client, utc_clock), stalling)
    async with working(parts, client):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1])))
