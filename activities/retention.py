"""Upkeep that deletes what is kept for a time only, each kind after days of its own."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session
from temporalio import activity

from activities.blocking import blocking, is_told_to_stop
from outdial.clock import Clock
from outdial.media import keeping
from outdial.settings import Settings
from outdial.store import recordings, retention
from outdial.store.database import Database
from outdial.store.retention import Deleted
from workflows import names

# Rows of one transaction, and seconds in which one round goes on; the next one takes up where it ended.
PAGE = 500
ROUND = 300.0

DeletePage = Callable[[Session, Any], Deleted]


class RetentionActivities:
    """Each is safe to run at any time and by several workers at once, and answers how much it deleted."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    @blocking(names.FORGET)
    def forget(self) -> int:
        """Delete the answers to requests whose idempotency keys have expired."""
        before = self._clock() - timedelta(seconds=self._settings.idempotency_lifetime)
        return self._in_pages(lambda session, _: retention.idempotency(session, before, limit=PAGE))

    @blocking(names.FORGET_TRANSCRIPTS)
    def forget_transcripts(self) -> int:
        """Delete what was said too long ago; the calls stay, and say so."""
        before, now = self._before(self._settings.transcript_retention_days), self._clock()
        if before is None:
            return 0
        return self._in_pages(
            lambda session, after: retention.transcripts(session, before, now, after=after, limit=PAGE)
        )

    @blocking(names.FORGET_PAYLOADS)
    def forget_payloads(self) -> int:
        """Delete webhooks that are over, and what carriers told, with all that was sent and answered."""
        before = self._before(self._settings.payload_retention_days)
        if before is None:
            return 0
        sent = self._in_pages(
            lambda session, after: retention.deliveries(session, before, after=after, limit=PAGE), ""
        )
        return sent + self._in_pages(
            lambda session, after: retention.reports(session, before, after=after, limit=PAGE)
        )

    @blocking(names.DELETE_RECORDINGS)
    def delete_recordings(self) -> int:
        """Delete recordings, here and at the carrier; one that the carrier keeps for now is tried again."""
        until, deleted = time.monotonic() + ROUND, 0
        before = self._before(self._settings.media_retention_days)
        after: tuple[datetime, str] | None = None
        while before is not None and time.monotonic() < until:
            with self._database.read() as session:
                page = recordings.outdated(session, before, after=after, limit=PAGE)
            for recording in page:
                if is_told_to_stop():
                    return deleted
                deleted += keeping.delete(self._database, self._settings, recording, self._clock())
                activity.heartbeat(deleted)
            if len(page) < PAGE:
                break
            after = page[-1].created_at, page[-1].id
        return deleted

    def _before(self, days: float) -> datetime | None:
        """What is older than this goes; None where all is kept."""
        return self._clock() - timedelta(days=days) if days else None

    def _in_pages(self, delete: DeletePage, first: int | str = 0) -> int:
        until, after, rows = time.monotonic() + ROUND, first, 0
        while time.monotonic() < until and not is_told_to_stop():
            with self._database.write() as session:
                deleted = delete(session, after)
            after, rows = deleted.after, rows + deleted.rows
            activity.heartbeat(rows)
            if after is None:
                break
        return rows
