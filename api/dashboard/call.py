"""A call's page: where it stands, why it waits, what was said, what came of it, and what can be done."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import Response

from api.dashboard.access import FormDep
from api.dashboard.live import live
from api.dashboard.views import OperatorViewDep, View, ViewDep
from api.deps import DatabaseDep, GatewayDep, SettingsDep, StarterDep
from api.media import recording_response
from api.paging import Page, read_page
from outdial.errors import Conflict, OutdialError
from outdial.models import Agent, Call, Delivery, DeliveryState
from outdial.store import calls, deliveries
from outdial.store.deliveries import DeliveryFilter
from outdial.store.scope import get
from outdial.transcript import transcript_of

router = APIRouter(prefix="/calls/{call_id}")

SHOWN_DELIVERIES = 30
_DONE = {
    "pause": "It is paused once it is between two dials.",
    "resume": "It goes on.",
    "cancel": "It is being canceled.",
    "now": "It is dialled as soon as a line is free.",
}


@router.get("")
def show(call_id: str, view: ViewDep, database: DatabaseDep) -> Response:
    """The page."""
    with database.read() as session:
        shown = _all_about(session, view, call_id)
    return view.page("call.html", **shown)


@router.get("/live")
def stream(call_id: str, view: ViewDep, request: Request, database: DatabaseDep) -> Response:
    """The same while it changes."""

    def render() -> tuple[str, bool]:
        fresh = View(request, view.visitor)
        with database.read() as session:
            shown = _all_about(session, fresh, call_id)
        owed = any(one.state is DeliveryState.PENDING for one in shown["deliveries"])
        return fresh.render("call_live.html", **shown), shown["call"].status.ended and not owed

    with database.read() as session:
        get(session, view.account_id, Call, call_id)
    return live(view, database, render)


@router.post("/{action}")
def act(
    call_id: str,
    action: str,
    view: OperatorViewDep,
    _form: FormDep,
    database: DatabaseDep,
    gateway: GatewayDep,
    starter: StarterDep,
) -> Response:
    """Pause, resume, cancel, or dial now; then the page again, which says what came of it."""
    signals: dict[str, Callable[[str], None]] = {
        "pause": gateway.pause,
        "resume": gateway.resume,
        "cancel": gateway.cancel,
        "now": lambda of: gateway.reschedule(of, view.now),
    }
    with database.read() as session:
        call = get(session, view.account_id, Call, call_id)
    page = f"/dashboard/calls/{call_id}"
    if action not in signals:
        return view.go(page)
    try:
        _check(call)
        if not call.workflow_started:
            starter.start_call(call)
        signals[action](call_id)
    except OutdialError as error:
        return view.go(page, error.message, wrong=True)
    return view.go(page, _DONE[action])


@router.get("/recording")
def recording(call_id: str, view: ViewDep, database: DatabaseDep, settings: SettingsDep) -> Response:
    """The audio of the latest recorded attempt."""
    with database.read() as session:
        call = get(session, view.account_id, Call, call_id)
    return recording_response(database, call, settings)


def _check(call: Call) -> None:
    if call.status.ended:
        raise Conflict(f"The call has ended: {call.status}.")


def _all_about(session: Session, view: View, call_id: str) -> dict[str, Any]:
    call = get(session, view.account_id, Call, call_id)
    attempts = calls.attempts_of(session, call)
    wanted = deliveries.matching(view.account_id, DeliveryFilter(call_id=call.id))
    return {
        "call": call,
        "agent": get(session, view.account_id, Agent, call.agent_id),
        "version": calls.agent_version(session, call),
        "attempts": attempts,
        "events": calls.events_of(session, call),
        "transcript": transcript_of(session, call),
        "deliveries": read_page(session, wanted, Delivery, Page(SHOWN_DELIVERIES))[0],
        "recorded": any(attempt.recording for attempt in attempts),
        "history": view.history(call.id),
    }
