"""What the batch routes ask of the workflows' side; `engine.gateway` answers it over Temporal."""

from typing import Annotated, Protocol

from fastapi import Depends, Request

from outdial.models import Batch


class BatchGateway(Protocol):
    """Blocking calls for endpoint threads.

    Each raises Unavailable where Temporal does not answer in time; those that signal a batch raise Conflict
    where it has already ended.
    """

    def start_batch(self, batch: Batch) -> None:
        """Start the batch's workflow; harmless where it has been started already."""
        ...

    def pause_batch(self, batch_id: str) -> None:
        """No further dials; live conversations go on."""
        ...

    def resume_batch(self, batch_id: str) -> None:
        """Take a pause back."""
        ...

    def cancel_batch(self, batch_id: str, *, graceful: bool) -> None:
        """End the batch's calls; ``graceful`` lets live conversations end by themselves."""
        ...

    def tell_appended(self, batch_id: str) -> None:
        """There are more recipients."""
        ...

    def tell_changed(self, batch_id: str) -> None:
        """Let the batch's workflow read its switch and its times again."""
        ...


def _gateway(request: Request) -> BatchGateway:
    return request.app.state.gateway


BatchGatewayDep = Annotated[BatchGateway, Depends(_gateway)]
