"""Batches out of files: a preview of what a file would bring, and its upload."""

import hashlib
import json
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Depends, File, Form, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, ValidationError

from api.batches.routes import TAKEN
from api.batches.schemas import BatchAccepted, BatchTerms
from api.batches.taking import UploadDep
from api.deps import DatabaseDep, PrincipalDep
from api.forms import KNOWN_FIELDS_ONLY
from outdial.batches.files import RecipientFile
from outdial.batches.mapping import ColumnMapping
from outdial.batches.preview import preview
from outdial.errors import Invalid
from outdial.intake import version_for
from outdial.models import AgentDefinition

router = APIRouter(prefix="/v1/calls/batch", tags=["batches"])

FileDep = Annotated[UploadFile, File(description="CSV with a header; UTF-8, UTF-16 or an older encoding.")]
MappingText = Annotated[
    str | None,
    Form(
        alias="mapping",
        description="JSON: which column is `phone`, which `external_id`, and `variables` by column.",
        examples=['{"phone": "Mobile", "variables": {"customer_name": "name"}}'],
    ),
]
RegionText = Annotated[str | None, Form(pattern="^[A-Za-z]{2}$", description="Allows national numbers.")]
EncodingText = Annotated[str | None, Form(description="Where the guess is wrong, for example latin-1.")]
_Json = Annotated[str | None, Form(description="JSON, as in the body of POST /v1/calls/batch.")]


class PreviewRow(BaseModel):
    """One thing that is wrong with one row."""

    model_config = ConfigDict(from_attributes=True)

    line: int
    field: str | None
    code: str
    reason: str


class PreviewPublic(BaseModel):
    """What an upload of this file would bring."""

    encoding: str
    delimiter: str
    headers: list[str]
    mapping: ColumnMapping | None
    rows: list[dict[str, str]]
    total_rows: int
    checked_rows: int
    error_count: int
    errors: list[PreviewRow]


def read_mapping(text: MappingText = None) -> ColumnMapping | None:
    """The mapping that was sent, if any. Raises RequestValidationError."""
    with as_form("mapping"):
        return ColumnMapping.model_validate(_json("mapping", text)) if text else None


MappingDep = Annotated[ColumnMapping | None, Depends(read_mapping)]


def _terms(
    agent_id: Annotated[str, Form()],
    name: Annotated[str | None, Form()] = None,
    concurrency: Annotated[int | None, Form()] = None,
    spacing_seconds: Annotated[float | None, Form()] = None,
    schedule_at: Annotated[float | datetime | None, Form(description="Unix seconds or ISO 8601.")] = None,
    ends_at: Annotated[float | datetime | None, Form(description="Unix seconds or ISO 8601.")] = None,
    timezone: Annotated[str | None, Form()] = None,
    webhook_url: Annotated[str | None, Form()] = None,
    caller_id: Annotated[str | None, Form()] = None,
    max_duration_seconds: Annotated[int | None, Form()] = None,
    recording_enabled: Annotated[bool | None, Form()] = None,
    campaign_id: Annotated[str | None, Form()] = None,
    trigger: Annotated[str | None, Form()] = None,
    default_region: RegionText = None,
    window: _Json = None,
    retry: _Json = None,
    metadata: _Json = None,
) -> BatchTerms:
    given = {key: value for key, value in locals().items() if value is not None}
    for part in {"window", "retry", "metadata"} & given.keys():
        given[part] = _json(part, given[part])
    with as_form():
        return BatchTerms.model_validate(given)


TermsDep = Annotated[BatchTerms, Depends(_terms)]


@router.post(
    "/preview",
    summary="Look at a file before it is uploaded",
    responses={404: {"description": "There is no such agent."}},
)
def look(
    file: FileDep,
    mapping: MappingDep,
    principal: PrincipalDep,
    database: DatabaseDep,
    default_region: RegionText = None,
    encoding: EncodingText = None,
    agent_id: Annotated[str | None, Form(description="Checks the variables that it needs.")] = None,
) -> PreviewPublic:
    """Headers, a guessed mapping, the first rows, and what is wrong with which line. Nothing is stored."""
    definition: AgentDefinition | None = None
    if agent_id is not None:
        with database.read() as session:
            definition = version_for(session, principal.account, agent_id).definition
    opened = RecipientFile(file.file, encoding=encoding, region=default_region)
    found = preview(opened, mapping, region=default_region, definition=definition)
    return PreviewPublic(
        encoding=opened.encoding,
        delimiter=opened.delimiter,
        headers=opened.headers,
        mapping=found.mapping,
        rows=found.rows,
        total_rows=found.total,
        checked_rows=found.checked,
        error_count=found.error_count,
        errors=[PreviewRow.model_validate(error) for error in found.errors],
    )


@router.post(
    "/upload",
    status_code=201,
    summary="Call the people in a file",
    dependencies=KNOWN_FIELDS_ONLY,
    response_model=BatchAccepted,
    responses=TAKEN,
)
def upload_file(
    file: FileDep,
    terms: TermsDep,
    mapping: MappingDep,
    upload: UploadDep,
    encoding: EncodingText = None,
    strict: Annotated[bool, Form(description="Accept nothing if any row can't be accepted.")] = False,
) -> Response:
    """The same as a list, for as many rows as the plan allows; refused rows are named by line.

    Without a mapping the number's column is guessed, and every other column is a variable of its name.
    """
    opened = RecipientFile(file.file, encoding=encoding, region=terms.default_region)
    chosen = opened.mapping(mapping)
    asked = [terms.model_dump_json(), chosen.model_dump_json(), str(strict), digest_of(file.file)]
    return upload.create(
        terms.to_request(test=upload.principal.key.is_test),
        opened.recipients(chosen),
        digest="\n".join(asked),
        strict=strict,
    )


@router.post(
    "/{batch_id}/recipients/upload",
    summary="Add the people in a file to a batch",
    dependencies=KNOWN_FIELDS_ONLY,
    response_model=BatchAccepted,
    responses=TAKEN,
)
def append_file(
    batch_id: str,
    file: FileDep,
    mapping: MappingDep,
    upload: UploadDep,
    encoding: EncodingText = None,
    default_region: RegionText = None,
    strict: Annotated[bool, Form()] = False,
) -> Response:
    """They are called after those that the batch has already."""
    opened = RecipientFile(file.file, encoding=encoding, region=default_region)
    chosen = opened.mapping(mapping)
    asked = [chosen.model_dump_json(), str(default_region), str(strict), digest_of(file.file)]
    return upload.append(
        batch_id,
        opened.recipients(chosen),
        digest="\n".join(asked),
        default_region=default_region,
        strict=strict,
    )


def digest_of(file: BinaryIO) -> str:
    """The file's SHA-256."""
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


@contextmanager
def as_form(*path: str) -> Generator[None]:
    """Faults in what a form's fields hold are told as those of a body are."""
    try:
        yield
    except ValidationError as error:
        found: list[Any] = [{**one, "loc": ("body", *path, *one["loc"])} for one in error.errors()]
        raise RequestValidationError(found) from error


def _json(name: str, text: Any) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Invalid("Expected JSON.", field=name) from None
