"""Calls: the list, filtered and paged."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from sqlmodel import Session, col
from starlette.responses import Response

from api.dashboard.views import View, ViewDep
from api.dashboard.zones import local_instant
from api.deps import DatabaseDep, PageDep
from api.paging import Page, read_page
from outdial import numbers
from outdial.errors import OutdialError
from outdial.models import Agent, Call
from outdial.store import listing
from outdial.store.scope import find, rows_of
from outdial.vocabulary import CallStatus

router = APIRouter()

MOST_AGENTS = 200


@dataclass(frozen=True)
class Asked:
    """The filters as they stand in the page's address."""

    status: str = ""
    outcome: str = ""
    agent: str = ""
    search: str = ""
    since: str = ""
    until: str = ""
    cursor: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        return any((self.status, self.outcome, self.agent, self.search, self.since, self.until))

    def address(self, **changed: str) -> str:
        """The page's address with some of it changed."""
        given = {name: value for name, value in {**vars(self), **changed}.items() if value}
        return f"/dashboard/calls?{urlencode(given)}"


_Text = Annotated[str, Query(max_length=500)]


@router.get("/calls")
def list_calls(
    view: ViewDep,
    database: DatabaseDep,
    page: PageDep,
    status: _Text = "",
    outcome: _Text = "",
    agent: _Text = "",
    search: _Text = "",
    since: _Text = "",
    until: _Text = "",
    cursor: _Text = "",
) -> Response:
    """Newest first."""
    asked = Asked(status, outcome.strip(), agent, search.strip(), since, until, cursor)
    with database.read() as session:
        if asked.search.startswith("call_") and find(session, view.account_id, Call, asked.search):
            return view.go(f"/dashboard/calls/{asked.search}")
        agents = agents_of(session, view)
        rows, following, error = _found(session, view, asked, page)
    named = {one.id: one.name for one in agents}
    shown: dict[str, Any] = {"calls": rows, "following": following, "named": named, "error": error}
    return view.page("calls.html", asked=asked, agents=agents, statuses=list(CallStatus), **shown)


def agents_of(session: Session, view: View, *, archived: bool = True) -> list[Agent]:
    """The account's agents, newest first, to choose from."""
    query = rows_of(view.account_id, Agent)
    if not archived:
        query = query.where(col(Agent.archived_at).is_(None))
    return list(session.exec(query.order_by(col(Agent.id).desc()).limit(MOST_AGENTS)).all())


def _found(
    session: Session, view: View, asked: Asked, page: Page
) -> tuple[Any, str | None, OutdialError | None]:
    try:
        wanted = _filter(view, asked)
    except OutdialError as error:
        return [], None, error
    query = listing.calls_matching(session, view.account_id, wanted)
    rows, following = read_page(session, query, Call, page)
    return rows, following, None


def _filter(view: View, asked: Asked) -> listing.CallFilter:
    region = view.visitor.account.default_region
    zone = view.zone.key
    day = timedelta(days=1)
    return listing.CallFilter(
        status=CallStatus(asked.status) if asked.status in set(CallStatus) else None,
        outcome=asked.outcome or None,
        agent_id=asked.agent or None,
        number=numbers.read_any(asked.search, region, field="search") if asked.search else None,
        created_from=local_instant(asked.since, zone, field="since") if asked.since else None,
        created_to=local_instant(asked.until, zone, field="until") + day if asked.until else None,
    )
