"""The do-not-call list: numbers that the account's calls never dial."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.batches.files import EncodingText, FileDep, RegionText
from api.body import Body, Instant, PhoneText
from api.deps import DatabaseDep, PageDep, PrincipalDep
from api.forms import KNOWN_FIELDS_ONLY
from api.paging import Listing, read_page
from outdial import numbers
from outdial.batches.files import RecipientFile
from outdial.batches.mapping import ColumnMapping
from outdial.do_not_call import Entry, RefusedLine, take_in
from outdial.errors import Invalid
from outdial.models import DoNotCall
from outdial.models.base import utc_now
from outdial.store import do_not_call
from outdial.store.scope import get, rows_of

router = APIRouter(prefix="/v1/do-not-call", tags=["do-not-call"])


class EntryCreate(Body):
    """A number not to call."""

    number: PhoneText = Field(description="E.164.", examples=["+12025550123"])
    source: str = Field("api", min_length=1, max_length=100, description="Where this comes from.")
    note: str = Field("", max_length=1000)
    expires_at: Instant | None = Field(None, description="Unix seconds or ISO 8601; unset: for good.")


class EntryPublic(BaseModel):
    """A number that is not called."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    number: str
    source: str
    note: str
    created_at: datetime
    expires_at: datetime | None


@router.post("", status_code=201, summary="Put a number on the list")
def create(body: EntryCreate, principal: PrincipalDep, database: DatabaseDep) -> EntryPublic:
    """Holds from the next dial on. A number that is on the list stays, for the longer of both times."""
    number = numbers.read_e164(body.number, field="number")
    if body.expires_at is not None and body.expires_at <= utc_now():
        raise Invalid("This time is in the past.", field="expires_at")
    with database.write() as session:
        entry = do_not_call.add(
            session,
            principal.account.id,
            number,
            source=body.source,
            note=body.note,
            expires_at=body.expires_at,
        )
        return EntryPublic.model_validate(entry)


class ListedPublic(BaseModel):
    """What came of a file of numbers."""

    model_config = ConfigDict(from_attributes=True)

    added: int
    known: int = Field(description="On the list already, or more than once in the file.")
    rejected_count: int
    rejected: list[RefusedLine] = Field(description="The first 1,000.")


@router.post("/upload", summary="Put the numbers of a file on the list", dependencies=KNOWN_FIELDS_ONLY)
def upload(
    file: FileDep,
    principal: PrincipalDep,
    database: DatabaseDep,
    source: Annotated[str, Form(min_length=1, max_length=100, description="Where they come from.")] = "file",
    note: Annotated[str, Form(max_length=1000)] = "",
    expires_at: Annotated[
        Instant | None, Form(description="Unix seconds or ISO 8601; unset: for good.")
    ] = None,
    column: Annotated[str | None, Form(description="The column with the number; unset: guessed.")] = None,
    default_region: RegionText = None,
    encoding: EncodingText = None,
) -> ListedPublic:
    """CSV with a header. Lines that hold no number are listed and do not keep the others away."""
    if expires_at is not None and expires_at <= utc_now():
        raise Invalid("This time is in the past.", field="expires_at")
    opened = RecipientFile(file.file, encoding=encoding, region=default_region)
    mapping = opened.mapping(ColumnMapping(phone=column, variables={}) if column else None)
    entry = Entry(source, note, expires_at)
    came = take_in(database, principal.account.id, opened.recipients(mapping), entry, default_region)
    return ListedPublic.model_validate(came)


@router.get("", summary="List the numbers")
def list_entries(
    principal: PrincipalDep,
    database: DatabaseDep,
    page: PageDep,
    number: Annotated[str | None, Query(description="Only this one, E.164.")] = None,
) -> Listing[EntryPublic]:
    """Newest first, expired ones included."""
    query = rows_of(principal.account.id, DoNotCall)
    with database.read() as session:
        wanted = query if number is None else query.where(DoNotCall.number == number_in_query(number))
        rows, following = read_page(session, wanted, DoNotCall, page)
    return Listing(data=[EntryPublic.model_validate(row) for row in rows], next_cursor=following)


@router.delete("/{entry_id}", status_code=204, summary="Take a number off the list")
def delete(entry_id: str, principal: PrincipalDep, database: DatabaseDep) -> Response:
    """The number may be called again."""
    with database.write() as session:
        entry = get(session, principal.account.id, DoNotCall, entry_id)
        session.delete(entry)
    return Response(status_code=204)


def number_in_query(text: str) -> str:
    """An E.164 number as it arrives in a query, where a plus that was not encoded has become a space."""
    return numbers.read_e164(
        "+" + text[1:] if text.startswith(" ") else text, field="number", check_length=False
    )
