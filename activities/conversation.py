"""The conversation and what is read out of it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.parts import Parts
from outdial.agents.base import Extraction, ExtractionFailed, Utterance
from outdial.agents.briefing import brief_of
from outdial.agents.factory import make_analyst, make_talker
from outdial.carriers.base import CarrierEvent, EventKind, Speech, Timed
from outdial.carriers.callee import Callee
from outdial.carriers.personas import persona_of
from outdial.conversation.silence import Patience
from outdial.conversation.simulated import hold, pace_of
from outdial.conversation.stored import StoredTurns
from outdial.conversation.transcript import Transcript
from outdial.models import AgentDefinition, Attempt, Call, Speaker, Turn
from outdial.models.agent import VoicemailAction
from outdial.store import calls, do_not_call, talks
from outdial.store.calls import Spoken
from outdial.variables import render
from outdial.vocabulary import Disposition
from workflows import names
from workflows.messages import AttemptOrder, Events, TalkOrder

# How often a model that does not answer is asked for the outcome.
EXTRACTION_TRIES = 5
# How long a conversation may take to end once the line is used for something else; seconds.
PUT_AWAY_WITHIN = 5.0


@dataclass(frozen=True)
class _Scene:
    """One attempt with all that its conversation needs."""

    call: Call
    attempt: Attempt
    agent: AgentDefinition
    said: list[Utterance]


class ConversationActivities:
    """Talking, where the carrier leaves that to us, and understanding what was said."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @activity.defn(name=names.CONVERSE)
    async def converse(self, order: TalkOrder) -> Events:
        """Hold the conversation to its end; a worker that takes over goes on from the turns that were kept.

        Carriers that talk at a socket of their own get no events from here: their line tells when it ends.
        """
        scene = await asyncio.to_thread(self._open, order)
        if order.to_machine:
            return await asyncio.to_thread(self._leave_message, scene)
        if not self._parts.carrier_of(scene.attempt).talks_here:
            return Events([])
        async with _heartbeats():
            return await self._talk(scene)

    async def _talk(self, scene: _Scene) -> Events:
        settings = self._parts.settings
        call, pace = scene.call, pace_of(settings.simulated_speed)
        talker = make_talker(scene.agent, call.variables, settings, brief_of(call))
        persona = persona_of(call.number, seed=settings.simulated_seed, mix=settings.simulated_mix)
        turns = StoredTurns(self._parts.database, scene.attempt, len(scene.said))
        try:
            transcript = Transcript(turns, scene.said)
            talk = await hold(
                talker,
                Callee(persona),
                transcript,
                pace=pace,
                max_seconds=call.max_duration_seconds,
                patience=Patience.of(call.initial_silence_timeout, settings.initial_silence_timeout),
            )
        finally:
            await turns.flush()
        return _ended(Disposition.ANSWERED, talk.ended_by, talk.error)

    def _open(self, order: TalkOrder) -> _Scene:
        parts = self._parts
        with parts.database.write() as session:
            call = calls.locked(session, order.call_id)
            attempt = calls.attempt_of(session, call, order.attempt)
            assert attempt is not None, "only attempts that were begun are answered"
            owed = parts.lifecycle.carrier_events(session, call, attempt, order.events, parts.clock())
            scene = _scene(
                call, attempt, calls.agent_version(session, call).definition, calls.turns_of(session, attempt)
            )
        parts.start_deliveries(owed)
        return scene

    def _leave_message(self, scene: _Scene) -> Events:
        """What the agent's definition wants of voicemail: leave its message, or hang up."""
        carrier, attempt = self._parts.carrier_of(scene.attempt), scene.attempt
        assert attempt.carrier_call_id is not None, "a line that is open has been placed"
        if scene.agent.on_voicemail is not VoicemailAction.LEAVE_MESSAGE:
            return Events(carrier.hang_up(attempt.carrier_call_id))
        text = render(scene.agent.voicemail_message or "", scene.call.variables)
        speech = Speech(text, scene.agent.language, scene.agent.voice)
        events = Events(carrier.leave_message(attempt.carrier_call_id, speech))
        self._await_talk(attempt)
        self._keep_message(attempt, text)
        return events

    def _await_talk(self, attempt: Attempt) -> None:
        """Whoever talked to the machine at the carrier's socket puts the last words away first."""
        until = time.monotonic() + PUT_AWAY_WITHIN
        while time.monotonic() < until:
            with self._parts.database.read() as session:
                talk = talks.of(session, attempt)
            if talk is None or talk.closed_at is not None:
                return
            time.sleep(0.1)

    def _keep_message(self, attempt: Attempt, text: str) -> None:
        with self._parts.database.write() as session:
            said = calls.turns_of(session, attempt)
            if text not in (turn.text for turn in said):
                message = Spoken(len(said), Speaker.AGENT, text, self._parts.clock())
                calls.add_turns(session, attempt, [message])

    @activity.defn(name=names.EXTRACT)
    async def extract(self, order: AttemptOrder) -> None:
        """Read the outcome out of the transcript. What can't be understood is recorded as such; the call goes on."""
        scene = await asyncio.to_thread(self._read, order)
        analyst = make_analyst(scene.agent, scene.call.variables, self._parts.settings)
        try:
            async with _heartbeats():
                result = await analyst.extract(scene.said)
        except ExtractionFailed as failure:
            if failure.retryable and activity.info().attempt < EXTRACTION_TRIES:
                raise ApplicationError(failure.message, type="ModelAway") from failure
            await asyncio.to_thread(self._store_failure, order, failure.message)
            return
        except Exception as error:
            # A fault of ours must not keep the call from its end.
            if activity.info().attempt < EXTRACTION_TRIES:
                raise
            await asyncio.to_thread(self._store_failure, order, f"{type(error).__name__}: {error}")
            return
        await asyncio.to_thread(self._store, order, result)

    def _read(self, order: AttemptOrder) -> _Scene:
        with self._parts.database.read() as session:
            call = calls.load(session, order.call_id)
            attempt = calls.attempt_of(session, call, order.attempt)
            assert attempt is not None, "only attempts that were begun are understood"
            return _scene(
                call, attempt, calls.agent_version(session, call).definition, calls.turns_of(session, attempt)
            )

    def _store(self, order: AttemptOrder, result: Extraction) -> None:
        now = self._parts.clock()
        with self._parts.database.write() as session:
            call = calls.locked(session, order.call_id)
            self._parts.lifecycle.extracted(session, call, result, now)
            if result.opt_out:
                do_not_call.add(
                    session, call.account_id, call.number, source="conversation", note=f"asked in {call.id}"
                )

    def _store_failure(self, order: AttemptOrder, error: str) -> None:
        with self._parts.database.write() as session:
            call = calls.locked(session, order.call_id)
            self._parts.lifecycle.extraction_failed(session, call, error, self._parts.clock())


@asynccontextmanager
async def _heartbeats() -> AsyncGenerator[None]:
    """Tell the server now and then that this worker is alive, so that another takes over soon when it is not."""
    timeout = activity.info().heartbeat_timeout
    every = timeout.total_seconds() / 3 if timeout else 10.0

    async def beat() -> None:
        while True:
            await asyncio.sleep(every)
            activity.heartbeat()

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


def _scene(call: Call, attempt: Attempt, agent: AgentDefinition, turns: Sequence[Turn]) -> _Scene:
    return _Scene(call, attempt, agent, [Utterance(turn.speaker, turn.text) for turn in turns])


def _ended(disposition: Disposition, by: str, error: str | None) -> Events:
    return Events(
        [Timed(0, CarrierEvent(EventKind.ENDED, disposition=disposition, ended_by=by, error_message=error))]
    )
