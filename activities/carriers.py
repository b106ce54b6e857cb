"""Upkeep of real carriers' calls: what was not signalled, conversations that were lost, recordings."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.blocking import blocking, is_told_to_stop
from activities.parts import Parts
from outdial.carriers.base import Sighting
from outdial.carriers.reports import event_in, take_in
from outdial.media import keeping
from outdial.media.sources import MediaAway
from outdial.models import Attempt, CarrierReport, Recording
from outdial.store import calls, recordings, reports, talks
from workflows import names
from workflows.messages import CarrierNews

PAGE = 200
# The API signals at once; what is older was left behind.
LEFT_BEHIND = timedelta(seconds=5)
# A call that goes on, after its conversation, for so many times as long as a lost one may be silent.
HUNG_UP_WITHIN = 3

_log = structlog.get_logger(__name__)


class CarrierActivities:
    """Each is safe to run at any time and by several workers at once."""

    def __init__(self, parts: Parts, client: Client) -> None:
        self._parts = parts
        self._client = client

    @activity.defn(name=names.TELL_REPORTS)
    async def tell_reports(self) -> int:
        """Signal what carriers told and no workflow heard of; answers how much."""
        told = 0
        while page := await asyncio.to_thread(self._untold):
            for report in page:
                await self._tell(report)
            await asyncio.to_thread(self._mark_told, [report.id for report in page])
            told += len(page)
            activity.heartbeat(told)
        return told

    @activity.defn(name=names.WATCH_TALKS)
    async def watch_talks(self) -> int:
        """Look up the calls whose conversation was lost or is over, and end them; answers how many."""
        silent = await asyncio.to_thread(self._silent)
        for attempt in silent:
            await asyncio.to_thread(self._end, attempt)
            activity.heartbeat()
        return len(silent)

    @blocking(names.KEEP_RECORDINGS)
    def keep_recordings(self) -> int:
        """Fetch the recordings that carriers hold; answers how many."""
        fetched = 0
        with self._parts.database.read() as session:
            waiting = recordings.unfetched(session, limit=PAGE)
        for recording in waiting:
            if is_told_to_stop():
                break
            fetched += self._fetch(recording)
            activity.heartbeat(fetched)
        return fetched

    def _untold(self) -> Sequence[CarrierReport]:
        with self._parts.database.read() as session:
            return reports.unsignalled(session, self._parts.clock() - LEFT_BEHIND, limit=PAGE)

    async def _tell(self, report: CarrierReport) -> None:
        handle = self._client.get_workflow_handle(report.call_id)
        try:
            await handle.signal("carrier_event", CarrierNews(report.attempt, event_in(report)))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # not there: the call has ended
                raise

    def _mark_told(self, ids: Sequence[int | None]) -> None:
        with self._parts.database.write() as session:
            reports.mark_signalled(session, ids, self._parts.clock())

    def _silent(self) -> Sequence[Attempt]:
        parts, now = self._parts, self._parts.clock()
        patience = timedelta(seconds=parts.settings.talk_lost_after)
        with parts.database.read() as session:
            return talks.silent(session, now - patience, now - patience * HUNG_UP_WITHIN, limit=PAGE)

    def _end(self, attempt: Attempt) -> None:
        """Hang up if the line is still open; what the carrier says of it is taken for a callback."""
        parts, carrier = self._parts, self._parts.carrier_of(attempt)
        if attempt.carrier_call_id is None:
            return
        _log.warning("talk.silent", call_id=attempt.call_id, attempt=attempt.number)
        carrier.hang_up(attempt.carrier_call_id)
        with parts.database.read() as session:
            dial = parts.dial_of(calls.load(session, attempt.call_id), attempt)
        found = carrier.look_up(dial, attempt.carrier_call_id, attempt.intended_at)
        if found.sighting is not Sighting.FOUND:
            return
        events = [step.event for step in found.script]
        with parts.database.write() as session:
            take_in(
                session, attempt.dial_key, attempt.carrier_call_id, events, parts.clock() - LEFT_BEHIND * 2
            )

    def _fetch(self, recording: Recording) -> bool:
        try:
            keeping.fetch(self._parts.database, self._parts.settings, recording, self._parts.clock())
        except MediaAway as away:
            _log.warning("recording.not_fetched", recording_id=recording.id, reason=str(away))
            return False
        return True
