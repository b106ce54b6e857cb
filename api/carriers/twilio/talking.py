"""One conversation at a socket: opened with its attempt's row, held by the turn loop, closed with its result."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import structlog

from outdial.agents.base import Talker, Utterance
from outdial.agents.briefing import brief_of
from outdial.agents.factory import make_talker
from outdial.agents.intents import Intent, intent_of
from outdial.carriers.reports import claim
from outdial.conversation.latency import latency_of
from outdial.conversation.relay import RelayLine, Send
from outdial.conversation.silence import Patience
from outdial.conversation.stored import StoredTurns
from outdial.conversation.talk import Talk, converse
from outdial.conversation.transcript import Transcript
from outdial.models import Call, Speaker
from outdial.models.base import utc_now
from outdial.settings import Settings
from outdial.store import calls, dials, do_not_call, talks
from outdial.store.database import Database

_log = structlog.get_logger(__name__)


@dataclass
class Conversation:
    """What is talked at one socket. Everything that blocks is done in threads."""

    call: Call
    attempt_id: str
    line: RelayLine
    _talker: Talker
    _turns: "_Turns"
    _transcript: Transcript
    _database: Database

    @classmethod
    def open(
        cls, database: Database, settings: Settings, dial_key: str, carrier_call_id: str, send: Send
    ) -> "Conversation | None":
        """Begin the attempt's conversation; None where it was begun before, or is not wanted any more."""
        now = utc_now()
        with database.write() as session:
            attempt = dials.attempt_by_key(session, dial_key, lock=True)
            if attempt is None or attempt.ended_at is not None or not talks.open_talk(session, attempt, now):
                return None
            claim(session, attempt, carrier_call_id, now)
            call = calls.load(session, attempt.call_id)
            agent = calls.agent_version(session, call).definition
            said = [Utterance(turn.speaker, turn.text) for turn in calls.turns_of(session, attempt)]
        talker = make_talker(agent, call.variables, settings, brief_of(call))
        turns = _Turns(StoredTurns(database, attempt, len(said), beside=True), database, call)
        patience = Patience.of(call.initial_silence_timeout, settings.initial_silence_timeout)
        line = RelayLine(send, patience=patience)
        return cls(call, attempt.id, line, talker, turns, Transcript(turns, said), database)

    async def hold(self) -> None:
        """Talk to the end, keep it, and let the carrier hang up or transfer."""
        talk = await self._talk()
        await self._turns.stored.flush()
        await asyncio.to_thread(self._close, talk)
        self._log_end(talk)
        if talk.ended_by != "callee":
            await self.line.end({"reason": talk.ended_by})

    async def _talk(self) -> Talk:
        try:
            return await converse(
                self._talker, self.line, self._transcript, max_seconds=self.call.max_duration_seconds
            )
        except Exception as error:
            _log.exception("talk.crashed", call_id=self.call.id)
            return Talk("error", self._transcript.heard_anything, f"{type(error).__name__}: {error}")

    def _close(self, talk: Talk) -> None:
        with self._database.write() as session:
            talks.close_talk(session, self.attempt_id, utc_now(), ended_by=talk.ended_by, error=talk.error)

    def _log_end(self, talk: Talk) -> None:
        latency = latency_of(self._turns.latencies)
        _log.info(
            "talk.ended",
            call_id=self.call.id,
            ended_by=talk.ended_by,
            turns=len(self._transcript.said),
            latency_p50_ms=latency and latency.p50,
            latency_p95_ms=latency and latency.p95,
        )


class _Turns:
    """Stores the turns, and acts at once on a wish not to be called again."""

    def __init__(self, stored: StoredTurns, database: Database, call: Call) -> None:
        self.stored = stored
        self.latencies: list[int | None] = []
        self._database = database
        self._call = call

    async def add(self, speaker: Speaker, text: str, at: datetime, latency_ms: int | None = None) -> None:
        await self.stored.add(speaker, text, at, latency_ms)
        self.latencies.append(latency_ms)
        if speaker is Speaker.CALLEE and intent_of(text) is Intent.OPT_OUT:
            await asyncio.to_thread(self._never_again)

    async def cut(self, text: str) -> None:
        await self.stored.cut(text)

    def _never_again(self) -> None:
        call = self._call
        with self._database.write() as session:
            do_not_call.add(
                session, call.account_id, call.number, source="conversation", note=f"asked in {call.id}"
            )
