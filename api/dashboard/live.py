"""Live parts of pages: rendered again while they are open, sent where they changed, until nothing can change."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable

from sse_starlette import EventSourceResponse, ServerSentEvent

from api.dashboard.access import SignInNeeded, visitor_of
from api.dashboard.views import View
from outdial.models.member import Role
from outdial.store.database import Database

LOOK_AGAIN_AFTER = 15.0
# Ends the browser's reconnecting; `sse-close` names it.
OVER = ServerSentEvent(event="over", data="over")


def live(
    view: View, database: Database, render: Callable[[], tuple[str, bool]], *, every: float = 0.7
) -> EventSourceResponse:
    """A stream of what ``render`` answers: the part's text, and whether it is final.

    It ends with the session: somebody who was signed out sees nothing more, and another role is another page.
    """
    return EventSourceResponse(
        _changes(view, database, render, every), headers={"Cache-Control": "no-store"}, ping=20
    )


async def _changes(
    view: View, database: Database, render: Callable[[], tuple[str, bool]], every: float
) -> AsyncGenerator[ServerSentEvent]:
    sent, looked = "", time.monotonic()
    while True:
        if time.monotonic() > looked + LOOK_AGAIN_AFTER:
            looked = time.monotonic()
            now = await asyncio.to_thread(_role, view, database)
            if now is None:
                break
            if now is not view.visitor.member.role:
                return  # the browser connects again, and sees what its new role may
        text, final = await asyncio.to_thread(render)
        if text != sent:
            sent = text
            yield ServerSentEvent(event="live", data=text)
        if final:
            break
        await asyncio.sleep(every)
    yield OVER


def _role(view: View, database: Database) -> Role | None:
    """What whoever looks may do by now, None after signing out."""
    try:
        return visitor_of(view.request, database).member.role
    except SignInNeeded:
        return None
