"""Delivering webhooks: one request a try, and mending what a crash left untried."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import httpx
import structlog
from temporalio import activity

from engine.deliveries import start_deliveries
from outdial.clock import Clock
from outdial.models import DeliveryState
from outdial.secrets import SecretBox
from outdial.settings import Settings
from outdial.store import deliveries
from outdial.store.database import Database
from outdial.webhooks.delivery import Message, Verdict, give_up, prepare, record, why_not
from outdial.webhooks.endpoints import account_secret
from outdial.webhooks.guard import GuardedTransport
from outdial.webhooks.request import Answer, post
from workflows import names
from workflows.webhook_messages import Tried, TryOrder

# How long a delivery may be overdue before its workflow is taken for lost.
GRACE = timedelta(minutes=2)
PAGE = 200

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
        self._transport = transport or GuardedTransport(allow_loopback=settings.webhook_allow_loopback)

    @activity.defn(name=names.DELIVER)
    async def deliver(self, order: TryOrder) -> Tried:
        """Try a delivery once, unless it is over or its endpoint is."""
        message = await asyncio.to_thread(self._prepare, order.delivery_id)
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
        verdict = await asyncio.to_thread(self._record, message, headers, answer, order.pause)
        _log.info(
            "webhook.tried", delivery_id=message.delivery_id, state=verdict.state, detail=verdict.detail
        )
        await start_deliveries(activity.client(), verdict.notices)
        return Tried(verdict.state, verdict.detail, verdict.wait)

    @activity.defn(name=names.MEND_DELIVERIES)
    async def mend_deliveries(self) -> int:
        """Start the workflows of deliveries that should have been tried and were not; answers how many."""
        started = 0
        while page := await asyncio.to_thread(self._overdue):
            await start_deliveries(activity.client(), page)
            await asyncio.to_thread(self._put_off, page)
            started += len(page)
            activity.heartbeat(started)
        return started

    def _prepare(self, delivery_id: str) -> Message | Tried:
        now = self._clock()
        with self._database.read() as session:
            delivery = deliveries.find(session, delivery_id)
            if delivery is None:
                return Tried("unknown", "There is no such delivery.")
            if delivery.state is not DeliveryState.PENDING:
                return Tried(delivery.state, "It is over already.")
            obstacle = why_not(session, delivery)
            message = prepare(session, delivery, self._box, now)
        if obstacle is not None:
            return self._give_up(delivery_id, obstacle)
        return (
            message
            if message.secrets
            else replace(message, secrets=[self._account_secret(message.account_id)])
        )

    def _give_up(self, delivery_id: str, reason: str) -> Tried:
        with self._database.write() as session:
            verdict = give_up(deliveries.locked(session, delivery_id), reason, self._clock())
        return Tried(verdict.state, verdict.detail)

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
