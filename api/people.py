"""/v1/people: whoever has a number, also without a contact: all that is kept of them, and forgetting it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api.deps import DatabaseDep, PrincipalDep
from api.do_not_call import number_in_query
from outdial.contacts import erasure
from outdial.models.base import utc_now
from outdial.store.people import person_with

router = APIRouter(prefix="/v1/people", tags=["people"])

# In the query, which is not logged, as paths are.
Number = Annotated[str, Query(description="E.164.", examples=["+14155550142"])]

_OPEN: dict[int | str, dict[str, Any]] = {409: {"description": "A call of the person has not ended."}}


class PersonExport(BaseModel):
    """All that is kept of a person."""

    number: str
    kept: dict[str, list[dict[str, Any]]] = Field(
        description="Rows by table, each with all of its columns; a table without a row is left out."
    )


@router.get("/export", summary="Export a person")
def export(number: Number, principal: PrincipalDep, database: DatabaseDep) -> PersonExport:
    """Contact, consents, calls, words, webhooks, messages: whatever tells of whoever has this number."""
    wanted = number_in_query(number)
    with database.read() as session:
        person = person_with(session, principal.account.id, wanted)
        return PersonExport(number=wanted, kept=dict(erasure.export(session, person)))


@router.delete("", status_code=204, summary="Erase a person", responses=_OPEN)
def erase(number: Number, principal: PrincipalDep, database: DatabaseDep) -> Response:
    """Forgotten for good, with or without a contact. Calls stay without them; a do-not-call entry stays."""
    wanted = number_in_query(number)
    with database.write() as session:
        erasure.erase(session, person_with(session, principal.account.id, wanted), utc_now())
    return Response(status_code=204)
