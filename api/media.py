"""Answers that are files of the media store."""

from fastapi.responses import FileResponse, Response, StreamingResponse

from outdial.media.store import MediaStore
from outdial.models import Call
from outdial.recordings import recording_of
from outdial.settings import Settings
from outdial.store.database import Database


def recording_response(database: Database, call: Call, settings: Settings) -> Response:
    """The call's latest recording; a part of it if the request asks so and the store is on this machine.

    Raises NotFound where there is none, MediaAway where the carrier has it and does not hand it out.
    """
    path, store = recording_of(database, call, settings), MediaStore(settings)
    filename = f"{call.id}.{path.rpartition('.')[2]}"
    local = store.local(path)
    if local is not None:
        return FileResponse(local, filename=filename)
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingResponse(store.read(path), media_type="audio/mpeg", headers=headers)
