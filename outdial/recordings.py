"""Recordings of calls: files in the data folder."""

from pathlib import Path

from sqlmodel import Session

from outdial.errors import NotFound
from outdial.models import Call
from outdial.settings import Settings
from outdial.store import calls

FOLDER = "recordings"


def recording_of(session: Session, call: Call, settings: Settings) -> Path:
    """The file of the call's latest recorded attempt. Raises NotFound where nothing was recorded."""
    names = [attempt.recording for attempt in calls.attempts_of(session, call) if attempt.recording]
    folder = (settings.data / FOLDER).resolve()
    path = (folder / names[-1]).resolve() if names else folder
    if not path.is_file() or not path.is_relative_to(folder):
        raise NotFound("Nothing was recorded in this call.", code="no_recording")
    return path
