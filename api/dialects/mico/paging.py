"""Pages of this dialect: ``page`` and ``page_size``, a total, and links to the pages around."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request, Response
from sqlmodel import Session, SQLModel
from sqlmodel.sql.expression import SelectOfScalar

from outdial.errors import NotFound
from outdial.store import campaigns

MAX_PAGE_SIZE = 100
MAX_PAGE = 1_000_000

Row = TypeVar("Row", bound=SQLModel)


@dataclass(frozen=True)
class Page:
    """What part of a listing is asked for. ``number`` counts from 1."""

    number: int
    size: int

    @property
    def skip(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * self.size

    def tell(self, request: Request, response: Response, total: int) -> None:
        """Put the total and the links into the answer. Raises NotFound for a page past the end."""
        last = max(1, -(-total // self.size))
        if self.number > last:
            raise NotFound(
                f"There is no page {self.number}: the last one is {last}.", field="page", code="page_past_end"
            )
        response.headers["X-Total-Count"] = str(total)
        response.headers["X-Page"] = str(self.number)
        response.headers["X-Page-Size"] = str(self.size)
        response.headers["X-Total-Pages"] = str(last)
        response.headers["Link"] = ", ".join(
            f'<{request.url.include_query_params(page=number, page_size=self.size)}>; rel="{name}"'
            for name, number in self._around(last).items()
        )

    def _around(self, last: int) -> dict[str, int]:
        around = {"first": 1}
        if self.number > 1:
            around["prev"] = self.number - 1
        if self.number < last:
            around["next"] = self.number + 1
        return {**around, "last": last}


def _page(
    page: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Which page, from 1.")] = 1,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="How many on a page.")] = 50,
) -> Page:
    return Page(page, page_size)


PageDep = Annotated[Page, Depends(_page)]

PAGED: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "X-Total-Count": {"description": "Rows on all pages.", "schema": {"type": "integer"}},
            "X-Total-Pages": {"description": "How many pages there are.", "schema": {"type": "integer"}},
            "Link": {"description": "first, prev, next, last (RFC 8288).", "schema": {"type": "string"}},
        }
    },
    404: {"description": "There is nothing to list from, or the page is past the end."},
}


def read_page(
    session: Session,
    query: SelectOfScalar[Row],
    model: type[Row],
    page: Page,
    request: Request,
    response: Response,
) -> Sequence[Row]:
    """The rows of one page, the oldest first. Raises NotFound for a page past the end."""
    page.tell(request, response, campaigns.count(session, query))
    columns: Any = model
    ordered = query.order_by(columns.created_at, columns.id)
    return session.exec(ordered.offset(page.skip).limit(page.size)).all()
