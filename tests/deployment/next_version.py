"""The worker of a version to come, whose calls take one step more: `python -m tests.deployment.next_version`."""

import asyncio

from temporalio import workflow

from workflows.messages import CallOrder, Change, Dialled, Note
from workflows.outbound_call import OutboundCall

PATCH = "noted-before-the-dial"


class _OneStepMore(OutboundCall):
    """Notes something before each dial."""

    async def _note_first(self) -> None:
        await self._note(Note(self._order.call_id, Change.RESUMED))


@workflow.defn(name="OutboundCall")
class Patched(_OneStepMore):
    """As the rule wants it: what has dialled under the version before goes on without the step."""

    @workflow.init
    def __init__(self, order: CallOrder) -> None:
        super().__init__(order)

    @workflow.run
    async def run(self, order: CallOrder) -> str:
        return await super().run(order)

    async def _dial(self) -> Dialled:
        if workflow.patched(PATCH):
            await self._note_first()
        return await super()._dial()


@workflow.defn(name="OutboundCall")
class Careless(_OneStepMore):
    """As it must not be done: the step is simply there."""

    @workflow.init
    def __init__(self, order: CallOrder) -> None:
        super().__init__(order)

    @workflow.run
    async def run(self, order: CallOrder) -> str:
        return await super().run(order)

    async def _dial(self) -> Dialled:
        await self._note_first()
        return await super()._dial()


def main() -> None:
    """Work as the worker does, with the call's next version."""
    import worker
    from tests.deployment.next_version import Patched  # by its name, as the sandbox imports it

    worker.OutboundCall = Patched
    asyncio.run(worker.run(list(worker.Kind)))


if __name__ == "__main__":
    main()
