"""One delivery of a webhook, tried until it is taken or for more than a day."""

from datetime import timedelta

from temporalio import workflow

from outdial.webhooks.schedule import JITTER, PAUSES
from workflows import names
from workflows.options import UNTIL_DONE
from workflows.webhook_messages import DeliveryOrder, Tried, TryOrder

# Above the longest that settings allow for a request.
LONGEST_TRY = timedelta(seconds=90)


@workflow.defn(name=names.DELIVER_WEBHOOK)
class DeliverWebhook:
    """Tries at once, then after growing pauses. The signal ``try_now`` begins anew, whatever it was doing."""

    @workflow.init
    def __init__(self, order: DeliveryOrder) -> None:
        self._asked = False

    @workflow.run
    async def run(self, order: DeliveryOrder) -> str:
        while True:
            asked, self._asked = self._asked, False
            state = await self._deliver(order.delivery_id, asked)
            if not self._asked:
                return state

    @workflow.signal(name=names.TRY_NOW)
    def try_now(self) -> None:
        """Somebody wants it delivered again, without waiting."""
        self._asked = True

    async def _deliver(self, delivery_id: str, asked: bool) -> str:
        tried = Tried("pending", "")
        for number, pause in enumerate((*map(_spread, PAUSES), None), start=1):
            tried = await self._try(TryOrder(delivery_id, pause, asked and number == 1), number)
            if tried.wait is None or await self._was_asked_within(tried):
                break
        return tried.state

    async def _try(self, order: TryOrder, number: int) -> Tried:
        return await workflow.execute_activity(
            names.DELIVER,
            order,
            result_type=Tried,
            start_to_close_timeout=LONGEST_TRY,
            retry_policy=UNTIL_DONE,
            summary=f"try {number}",
        )

    async def _was_asked_within(self, tried: Tried) -> bool:
        workflow.set_current_details(f"waiting: {tried.detail}")
        try:
            await workflow.wait_condition(
                lambda: self._asked, timeout=tried.wait, timeout_summary=f"after {tried.detail}"
            )
        except TimeoutError:
            return False
        return True


def _spread(pause: float) -> float:
    return pause * workflow.random().uniform(1 - JITTER, 1 + JITTER)
