"""Do not call: numbers that are never dialled."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.dashboard.access import FormDep
from api.dashboard.views import OperatorViewDep, View, ViewDep
from api.deps import DatabaseDep, PageDep
from api.paging import Page, read_page
from outdial import numbers
from outdial.errors import Invalid, OutdialError
from outdial.models import DoNotCall
from outdial.store import do_not_call
from outdial.store.database import Database
from outdial.store.scope import get, rows_of

router = APIRouter(prefix="/do-not-call")

HERE = "/dashboard/do-not-call"
MOST_AT_ONCE = 1_000


@router.get("")
def show(view: ViewDep, database: DatabaseDep, page: PageDep, search: str = "") -> Response:
    """Newest first, or one number."""
    return _page(view, database, page, search.strip())


@router.post("")
def add(view: OperatorViewDep, form: FormDep, database: DatabaseDep, page: PageDep) -> Response:
    """Put numbers on the list, a line each; all of them or, where one can't be read, none."""
    text = form.text("numbers")
    region = view.visitor.account.default_region
    try:
        found = [numbers.read_any(line, region, field="numbers") for line in _lines(text)]
        with database.write() as session:
            for number in found:
                do_not_call.add(
                    session, view.account_id, number, source="dashboard", note=form.text("note")[:1000]
                )
    except OutdialError as error:
        return _page(view, database, page, "", error=error, text=text)
    count = len(found)
    return view.go(HERE, "The number is on the list." if count == 1 else f"{count} numbers are on the list.")


@router.post("/{entry_id}/remove")
def remove(entry_id: str, view: OperatorViewDep, _form: FormDep, database: DatabaseDep) -> Response:
    """The number may be called again."""
    with database.write() as session:
        entry = get(session, view.account_id, DoNotCall, entry_id)
        session.delete(entry)
    return view.go(HERE, "The number may be called again.")


def _lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not 0 < len(lines) <= MOST_AT_ONCE:
        raise Invalid(f"Type one number a line, at most {MOST_AT_ONCE}.", field="numbers")
    return lines


def _page(
    view: View,
    database: Database,
    page: Page,
    search: str,
    *,
    error: OutdialError | None = None,
    text: str = "",
) -> Response:
    query = rows_of(view.account_id, DoNotCall)
    if search:
        try:
            number = numbers.read_any(search, view.visitor.account.default_region, field="search")
            query = query.where(DoNotCall.number == number)
        except OutdialError as wrong:
            error = wrong
    with database.read() as session:
        rows, following = read_page(session, query, DoNotCall, page)
    shown: dict[str, Any] = {"entries": rows, "following": following, "search": search, "text": text}
    status = 422 if error else 200
    return view.page("do_not_call.html", status=status, first=page.after is not None, error=error, **shown)
