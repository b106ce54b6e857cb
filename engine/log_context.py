"""What every log line of an activity says: which call it is about, and which activity of which workflow."""

from typing import Any

from structlog.contextvars import bound_contextvars
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

# A call's workflow has the call's id.
_CALL = "call_"


class LogContext(Interceptor):
    """Binds them around each activity; threads that it works in have them too."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Bound(next)


class _Bound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        with bound_contextvars(**_named()):
            return await super().execute_activity(input)


def _named() -> dict[str, Any]:
    info = activity.info()
    workflow = info.workflow_id or ""
    named = {"activity": info.activity_type, "workflow_id": workflow, "try": info.attempt}
    return named | ({"call_id": workflow} if workflow.startswith(_CALL) else {})
