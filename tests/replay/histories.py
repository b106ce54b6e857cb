"""The saved histories: where they are, reading and replaying them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHistory
from temporalio.worker import Interceptor, Replayer

from worker import RUNNER
from workflows.batch import Batch
from workflows.deliver_webhook import DeliverWebhook
from workflows.outbound_call import OutboundCall
from workflows.upkeep import Upkeep

FOLDER = Path(__file__).parent / "histories"
NUMBER = re.compile(r"\+\d{8,15}\b")
# What the SDK says of workflow code that kept its thread for two seconds, or that a busy machine gave no time.
NOT_DONE_IN_TIME, TRIES = "TMPRL1101", 3


def saved() -> list[Path]:
    """Every saved history, of all versions."""
    return sorted(FOLDER.glob("*/*.json"))


def read(path: Path) -> WorkflowHistory:
    """One saved history."""
    written: dict[str, Any] = json.loads(path.read_text())
    return WorkflowHistory.from_json(written.pop("workflowId"), written)


async def replay(history: WorkflowHistory, *interceptors: Interceptor) -> None:
    """Replay it with today's workflows. Raises NondeterminismError where they take another way."""
    replayer = Replayer(
        workflows=[OutboundCall, Batch, DeliverWebhook, Upkeep],
        workflow_runner=RUNNER,
        interceptors=interceptors,
    )
    failure: Exception | None = None
    for _ in range(TRIES):
        failure = (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure
        if NOT_DONE_IN_TIME not in str(failure):
            break
    if failure is not None:
        raise failure


def text_of(history: WorkflowHistory) -> str:
    """All that a reader of the history could read, payloads decoded."""
    readable = [str(event) for event in history.events]
    return "\n".join(
        readable + [payload.data.decode() for event in history.events for payload in _payloads(event)]
    )


def _payloads(message: Message) -> Iterator[Payload]:
    for _, value in message.ListFields():
        for part in _parts(value):
            if isinstance(part, Payload):
                yield part
            elif isinstance(part, Message):
                yield from _payloads(part)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, Message):
        return [value]
    if hasattr(value, "values"):
        return list(value.values())
    return list(value) if hasattr(value, "__iter__") and not isinstance(value, str | bytes) else []
