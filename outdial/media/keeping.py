"""Recordings on their way into the media store, out of it to whoever may hear them, and away in time."""

from datetime import datetime

import structlog

from outdial.media.sources import MediaAway, delete_at_twilio, fetch_from_twilio
from outdial.media.store import MediaStore
from outdial.models import Recording
from outdial.settings import Settings
from outdial.store import recordings
from outdial.store.database import Database

_log = structlog.get_logger(__name__)


def fetch(database: Database, settings: Settings, recording: Recording, now: datetime) -> None:
    """Fetch it from the carrier into the store, unless it is there. Raises MediaAway."""
    store = MediaStore(settings)
    if not store.has(recording.path):
        store.write(recording.path, fetch_from_twilio(settings, recording.carrier_recording_id))
    with database.write() as session:
        recordings.mark_fetched(session, recording.id, now)


def delete(database: Database, settings: Settings, recording: Recording, now: datetime) -> bool:
    """Delete it at the carrier and here; false where the carrier does not do so now: it is to be tried again."""
    try:
        delete_at_twilio(settings, recording.carrier_recording_id)
    except MediaAway as away:
        _log.warning("recording.not_deleted", recording_id=recording.id, reason=str(away))
        return False
    MediaStore(settings).delete(recording.path)
    with database.write() as session:
        recordings.mark_deleted(session, recording.id, now)
    return True
