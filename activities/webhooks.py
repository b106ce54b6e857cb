"""Delivering webhooks: one request a try, and mending what a crash left untried."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import anyio.to_thread
import httpx
import structlog
from temporalio import activity

from engine.deliveries import start_deliveries
from engine.tracing import traced
from outdial.clock import Clock
from outdial.metrics import WEBHOOK_TRIES
from outdial.models import DeliveryState
from outdial.secrets import SecretBox
from outdial.settings import Settings
from outdial.store import deliveries
from outdial.store.database import Database
from outdial.webhooks.delivery import Message, Verdict, ask_again, give_up, prepare, record, why_not
from outdial.webhooks.endpoints import account_secret
from outdial.webhooks.guard import GuardedTransport
from outdial.webhooks.request import Answer, post
from workflows import names
from workflows.webhook_messages import Tried, TryOrder

# How long a delivery may be overdue before its workflow is taken for lost.
GRACE = timedelta(minutes=2)
PAGE = 200
# Threads of their own for the database: a flood of webhooks must not take those that calls work in.
THREADS = 8

Result = TypeVar("Result")

_log = structlog.get_logger(__name__)


class WebhookActivities:
    """``transport`` stands in for the guarded way out."""

    def __init__(
        self,
        database: Database,
        secret_box: SecretBox,
        settings: Settings,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._database = database
        self._box = secret_box
        self._settings = settings
        self._clock = clock
        self._threads = anyio.CapacityLimiter(THREADS)
        way_out = GuardedTransport(allow_loopback=settings.webhook_allow_loopback)
        self._transport = transport or traced(way_out)

    @activity.defn(name=names.DELIVER)
    async def deliver(self, order: TryOrder) -> Tried:
        """Try a delivery once, unless it is over or its endpoint is."""
        message = await self._aside(self._prepare, order)
        if isinstance(message, Tried):
            return message
        headers = message.headers(self._clock())
        answer = await post(
            self._transport,
            message.url,
            message.body.encode(),
            headers,
            within=self._settings.webhook_timeout,
        )
        verdict = await self._aside(self._record, message, headers, answer, order.pause)
        WEBHOOK_TRIES.labels(str(verdict.state)).observe(answer.duration_ms / 1000)
        _log.info(
            "webhook.tried",
            delivery_id=message.delivery_id,
            call_id=message.call_id,
            state=verdict.state,
            detail=verdict.detail,
        )
        await start_deliveries(activity.client(), verdict.notices)
        return Tried(verdict.state, verdict.detail, verdict.wait)

    @activity.defn(name=names.MEND_DELIVERIES)
    async def mend_deliveries(self) -> int:
        """Start the workflows of deliveries that should have been tried and were not; answers how many."""
        started = 0
        while page := await self._aside(self._overdue):
            await start_deliveries(activity.client(), page)
            await self._aside(self._put_off, page)
            started += len(page)
            activity.heartbeat(started)
        return started

    async def _aside(self, work: Callable[..., Result], *args: object) -> Result:
        return await anyio.to_thread.run_sync(work, *args, limiter=self._threads)

    def _prepare(self, order: TryOrder) -> Message | Tried:
        with self._database.read() as session:
            delivery = deliveries.find(session, order.delivery_id)
            if delivery is None:
                return Tried("unknown", "There is no such delivery.")
            if delivery.state is not DeliveryState.PENDING and not order.asked:
                return Tried(delivery.state, "It is over already.")
            obstacle = why_not(session, delivery)
            message = prepare(session, delivery, self._box, self._clock())
        if obstacle is not None:
            return self._give_up(order.delivery_id, obstacle)
        if delivery.state is not DeliveryState.PENDING:
            self._ask_again(order.delivery_id)
        return (
            message
            if message.secrets
            else replace(message, secrets=[self._account_secret(message.account_id)])
        )

    def _give_up(self, delivery_id: str, reason: str) -> Tried:
        with self._database.write() as session:
            verdict = give_up(deliveries.locked(session, delivery_id), reason, self._clock())
        return Tried(verdict.state, verdict.detail)

    def _ask_again(self, delivery_id: str) -> None:
        with self._database.write() as session:
            ask_again(deliveries.locked(session, delivery_id), self._clock())

    def _account_secret(self, account_id: str) -> str:
        with self._database.write() as session:
            return account_secret(session, account_id, self._box)

    def _record(
        self, message: Message, headers: dict[str, str], answer: Answer, pause: float | None
    ) -> Verdict:
        with self._database.write() as session:
            return record(session, message, headers, answer, pause, self._clock())

    def _overdue(self) -> Sequence[str]:
        with self._database.read() as session:
            return deliveries.overdue(session, self._clock() - GRACE, limit=PAGE)

    def _put_off(self, ids: Sequence[str]) -> None:
        now = self._clock()
        with self._database.write() as session:
            deliveries.put_off(session, ids, now - GRACE, now)
