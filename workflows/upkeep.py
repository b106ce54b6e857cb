"""One round of upkeep, started by a Temporal Schedule."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy


@workflow.defn(name="Upkeep")
class Upkeep:
    """Runs one upkeep activity by its name; a round that fails is left to the next one."""

    @workflow.run
    async def run(self, job: str) -> int:
        return await workflow.execute_activity(
            job,
            result_type=int,
            start_to_close_timeout=timedelta(minutes=10),
            heartbeat_timeout=timedelta(minutes=1),
            retry_policy=RetryPolicy(maximum_attempts=2),
        )
