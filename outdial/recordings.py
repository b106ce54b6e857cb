"""A call's recording, out of the media store; fetched from the carrier first if nobody has yet."""

from outdial.errors import NotFound
from outdial.media import keeping
from outdial.media.store import MediaStore
from outdial.models import Call
from outdial.models.base import utc_now
from outdial.settings import Settings
from outdial.store import calls, recordings
from outdial.store.database import Database


def recording_of(database: Database, call: Call, settings: Settings) -> str:
    """The path, in the media store, of the call's latest recording.

    Raises NotFound where nothing was recorded or it was deleted, MediaAway where the carrier has it and does not
    answer.
    """
    with database.read() as session:
        recording = recordings.latest(session, call)
        named = [attempt.recording for attempt in calls.attempts_of(session, call) if attempt.recording]
    if recording is not None and recording.fetched_at is None:
        keeping.fetch(database, settings, recording, utc_now())
    if not named or not MediaStore(settings).has(named[-1]):
        raise NotFound("Nothing was recorded in this call.", code="no_recording")
    return named[-1]
