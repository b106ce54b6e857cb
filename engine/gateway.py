"""What the API asks of Temporal: start a call, signal it, start deliveries. Blocking, for endpoint threads."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import anyio.from_thread
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from engine.batches import start_batch
from engine.calls import start_call
from engine.deliveries import redeliver, start_deliveries
from outdial.carriers.base import CarrierEvent
from outdial.errors import Conflict, Unavailable
from outdial.models import Batch, Call
from outdial.settings import Settings
from workflows.batch_messages import Cancel
from workflows.messages import CarrierNews, Reschedule
from workflows.names import BatchSignal, CallSignal

ANSWER_WITHIN = timedelta(seconds=5)

Result = TypeVar("Result")


class Gateway:
    """Temporal, as the API sees it.

    Every method raises Unavailable where Temporal does not answer within 5 s. Those that reach a running call
    raise Conflict where it has ended.
    """

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def start_call(self, call: Call) -> None:
        """Start the call's workflow; harmless if it runs already."""
        self._run(lambda: start_call(self._client, self._settings, call, rpc_timeout=ANSWER_WITHIN))

    def start_deliveries(self, ids: Sequence[str]) -> None:
        """Start the workflows of these deliveries; harmless if they run already."""
        if ids:
            self._run(lambda: start_deliveries(self._client, ids))

    def redeliver(self, delivery_id: str) -> None:
        """Deliver a webhook again at once, whether its workflow waits or has ended."""
        self._run(lambda: redeliver(self._client, delivery_id))

    def pause(self, call_id: str) -> None:
        self._signal(call_id, "pause")

    def resume(self, call_id: str) -> None:
        self._signal(call_id, "resume")

    def cancel(self, call_id: str) -> None:
        self._signal(call_id, "cancel")

    def reschedule(self, call_id: str, due_at: datetime) -> None:
        self._signal(call_id, "reschedule", Reschedule(due_at))

    def carrier_event(self, call_id: str, attempt: int, event: CarrierEvent) -> None:
        """Tell the call what its carrier told of an attempt."""
        self._signal(call_id, "carrier_event", CarrierNews(attempt, event))

    def start_batch(self, batch: Batch) -> None:
        """Start the batch's workflow; harmless if it runs already."""
        self._run(lambda: start_batch(self._client, batch, rpc_timeout=ANSWER_WITHIN))

    def pause_batch(self, batch_id: str) -> None:
        self._signal_batch(batch_id, "pause")

    def resume_batch(self, batch_id: str) -> None:
        self._signal_batch(batch_id, "resume")

    def cancel_batch(self, batch_id: str, *, graceful: bool) -> None:
        self._signal_batch(batch_id, "cancel", Cancel(graceful))

    def tell_appended(self, batch_id: str) -> None:
        self._signal_batch(batch_id, "appended")

    def tell_changed(self, batch_id: str) -> None:
        self._signal_batch(batch_id, "changed")

    def ping(self) -> None:
        """Raises Unavailable if Temporal does not answer."""
        self._run(lambda: self._client.service_client.check_health(timeout=ANSWER_WITHIN))

    def _signal(self, call_id: str, name: CallSignal, *args: Reschedule | CarrierNews) -> None:
        handle = self._client.get_workflow_handle(call_id)
        self._run(lambda: handle.signal(name, args=args, rpc_timeout=ANSWER_WITHIN))

    def _signal_batch(self, batch_id: str, name: BatchSignal, *args: Cancel) -> None:
        handle = self._client.get_workflow_handle(batch_id)
        self._run(lambda: handle.signal(name, args=args, rpc_timeout=ANSWER_WITHIN), what="batch")

    def _run(self, ask: Callable[[], Coroutine[Any, Any, Result]], *, what: str = "call") -> Result:
        try:
            return anyio.from_thread.run(ask)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise Conflict(
                    f"The {what} has already ended, or has not started yet; look at its status."
                ) from error
            raise Unavailable("Temporal does not answer; nothing was changed. Try again shortly.") from error
        except RuntimeError as error:
            # A lazy client raises this where its first connection fails.
            raise Unavailable("Temporal does not answer; nothing was changed. Try again shortly.") from error
