"""/v1/links: a call's transcript and recording, by addresses that work without a key and expire."""

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

from api.deps import DatabaseDep, LinksDep, SettingsDep
from api.media import recording_response
from outdial.links import LinkKind
from outdial.models.base import utc_now
from outdial.store import calls
from outdial.transcript import Transcript, transcript_of

router = APIRouter(prefix="/v1/links", tags=["links"])


@router.get("/transcript/{token}")
def read_transcript(token: str, database: DatabaseDep, links: LinksDep) -> Transcript:
    """What was said in the call."""
    call_id = links.verify(LinkKind.TRANSCRIPT, token, utc_now())
    with database.read() as session:
        return transcript_of(session, calls.load(session, call_id))


@router.get("/recording/{token}", response_class=FileResponse)
def read_recording(token: str, database: DatabaseDep, links: LinksDep, settings: SettingsDep) -> Response:
    """The call's recording."""
    call_id = links.verify(LinkKind.RECORDING, token, utc_now())
    with database.read() as session:
        call = calls.load(session, call_id)
    return recording_response(database, call, settings)
