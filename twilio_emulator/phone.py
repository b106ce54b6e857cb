"""The life of one call: it rings, somebody picks up or nobody does, what TwiML says is done, and it ends."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from outdial.carriers.personas import CalleeReply, Fate, Persona, persona_of
from twilio_emulator.calls import EmulatedCall, new_sid
from twilio_emulator.emulator import Emulator
from twilio_emulator.faults import CallbackFault
from twilio_emulator.relay import SessionResult, talk

# Twilio's events by the status that they tell of.
_EVENTS = {"queued": "initiated", "ringing": "ringing", "in-progress": "answered"}
_UNANSWERED = {
    Fate.BUSY: "busy",
    Fate.FAILED: "failed",
    Fate.INVALID: "failed",
    Fate.UNREACHED: "failed",
    Fate.NO_ANSWER: "no-answer",
}
_RECORDED = b"ID3\x03\x00\x00\x00\x00\x00\x00 emulated recording"
_MACHINE = Persona(
    "machine",
    "A voicemail greeting.",
    (Fate.VOICEMAIL,),
    12,
    (CalleeReply("You have reached my voicemail. Leave a message after the tone."), CalleeReply(None)),
)
# When machine detection is sure, in seconds after the answer, and how long a greeting is.
_DETECTED_AFTER, _GREETING = 3.0, 8.0
_SECONDS_PER_LETTER = 0.06


async def live(emulator: Emulator, call: EmulatedCall) -> None:
    """From the dial to the end."""
    phone = _Phone(emulator, call)
    try:
        await phone.ring()
    finally:
        phone.stop()
        await phone.letters.join()


class _Hangup(Exception):
    """The line is closed by our customer."""


class _Phone:
    def __init__(self, emulator: Emulator, call: EmulatedCall) -> None:
        self._emulator = emulator
        self._call = call
        self._number = call.asked("To")
        self._dial = emulator.dials[self._number]
        self._held: list[tuple[str, dict[str, str], bool]] = []
        self._detecting: asyncio.Task[None] | None = None
        # Callbacks are sent beside the call, one after the other.
        self.letters: asyncio.Queue[tuple[str, dict[str, str]]] = asyncio.Queue()
        emulator.begin(self._send_letters())

    @property
    def _persona(self) -> Persona:
        return persona_of(self._number)

    async def ring(self) -> None:
        """Dial, ring, and what follows."""
        self._tell("queued", "initiated")
        await self._emulator.wait(0.5)
        self._call.status = "ringing"
        self._tell("ringing")
        fate = self._persona.fate(self._dial)
        try:
            await self._or_hangup(self._rings(fate))
        except _Hangup:
            self._end("canceled")
            return
        if fate in _UNANSWERED:
            self._end(_UNANSWERED[fate])
        else:
            await self._answer(fate)

    def stop(self) -> None:
        """Nothing goes on after the call."""
        if self._detecting:
            self._detecting.cancel()

    async def _rings(self, fate: Fate) -> None:
        timeout = float(self._call.asked("Timeout", "60"))
        await self._emulator.wait(timeout if fate is Fate.NO_ANSWER else self._persona.ring_seconds)

    async def _answer(self, fate: Fate) -> None:
        call = self._call
        call.status, call.started_at = "in-progress", datetime.now(UTC)
        self._tell("in-progress")
        if call.asked("AsyncAmdStatusCallback"):
            self._detecting = asyncio.create_task(self._detect(fate))
        twiml = await self._ask(call.asked("Url"), {})
        # Without an answer Twilio says that an application error has occurred, and hangs up.
        if twiml is not None:
            with suppress(_Hangup):
                await self._follow(twiml)
        self._end("completed")

    async def _follow(self, twiml: str) -> None:
        """Do what TwiML says; other TwiML that comes meanwhile replaces it."""
        following: str | None = twiml
        while following is not None:
            doing = asyncio.create_task(self._do(following))
            changing = asyncio.create_task(self._call.instructions.get())
            await asyncio.wait({doing, changing}, return_when=asyncio.FIRST_COMPLETED)
            if changing.done():
                doing.cancel()
                await asyncio.gather(doing, return_exceptions=True)
                following = changing.result()
                if following is None:
                    raise _Hangup
                continue
            changing.cancel()
            following = doing.result()

    async def _do(self, twiml: str) -> str | None:
        """One document; the next one, if a verb asks for it."""
        verbs: dict[str, Callable[[ElementTree.Element], Coroutine[Any, Any, str | None]]] = {
            "Say": self._say,
            "Dial": self._dial_other,
            "Connect": self._connect,
            "Hangup": self._hang_up,
        }
        for verb in ElementTree.fromstring(twiml):  # noqa: S314 (our customer's own)
            following = await verbs[verb.tag](verb)
            if following is not None:
                return following
        return None

    async def _say(self, verb: ElementTree.Element) -> None:
        text = verb.text or ""
        await self._emulator.wait(len(text) * _SECONDS_PER_LETTER)
        self._call.spoken.append(text)

    async def _dial_other(self, verb: ElementTree.Element) -> None:
        self._call.dialled.append((verb.text or "").strip())
        await self._emulator.wait(5)

    async def _hang_up(self, verb: ElementTree.Element) -> None:
        raise _Hangup

    async def _connect(self, verb: ElementTree.Element) -> str | None:
        noun = verb.find("ConversationRelay")
        assert noun is not None, "the only noun that is emulated"
        is_machine = self._persona.fate(self._dial) is Fate.VOICEMAIL
        persona = _MACHINE if is_machine else self._persona
        result = await talk(self._emulator, self._call, noun.attrib, persona)
        if result is SessionResult.HUNG_UP and self._call.fault.callbacks is CallbackFault.NO_END:
            raise _Hangup
        fields = {"SessionId": new_sid("VX"), "SessionStatus": result.status, **result.fields}
        self._call.talked.append(fields)
        following = await self._ask(verb.attrib["action"], fields)
        if result.hung_up or following is None:
            raise _Hangup
        return following

    async def _detect(self, fate: Fate) -> None:
        """Machine detection beside the call, asynchronously."""
        machine = fate is Fate.VOICEMAIL
        to_the_end = self._call.asked("MachineDetection") == "DetectMessageEnd"
        await self._emulator.wait(_DETECTED_AFTER + (_GREETING if machine and to_the_end else 0))
        found = "machine_end_beep" if to_the_end else "machine_start"
        self._call.answered_by = found if machine else "human"
        fields = {"AnsweredBy": self._call.answered_by, "MachineDetectionDuration": "3000"}
        self._post(self._call.asked("AsyncAmdStatusCallback"), fields)

    def _end(self, status: str) -> None:
        call = self._call
        self.stop()
        call.status, call.ended_at = status, datetime.now(UTC)
        fields = {"CallDuration": str(call.seconds)} if call.started_at else {}
        if call.answered_by:
            fields["AnsweredBy"] = call.answered_by
        if status == "failed":
            fields["SipResponseCode"] = "503"
        self._tell(status, "completed", fields)
        if call.started_at and call.asked("Record") == "true":
            self._record()

    def _record(self) -> None:
        call = self._call
        call.recording_sid = new_sid("RE")
        self._emulator.recordings[call.recording_sid] = _RECORDED
        fields = {
            "RecordingSid": call.recording_sid,
            "RecordingStatus": "completed",
            "RecordingDuration": str(call.seconds),
            "RecordingUrl": f"https://api.twilio.com/Recordings/{call.recording_sid}",
        }
        self._post(call.asked("RecordingStatusCallback"), fields)

    def _tell(self, status: str, event: str | None = None, more: dict[str, str] | None = None) -> None:
        """The status callback, if that event was asked for."""
        call, event = self._call, event or _EVENTS[status]
        shown = "initiated" if event == "initiated" else status
        fields = {
            "CallStatus": shown,
            "Timestamp": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000"),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(call.sequence),
            **(more or {}),
        }
        call.sequence += 1
        if event in call.form.get("StatusCallbackEvent", ["completed"]):
            self._send_status(fields, is_last=event == "completed")

    def _send_status(self, fields: dict[str, str], *, is_last: bool) -> None:
        fault, address = self._call.fault.callbacks, self._call.asked("StatusCallback")
        if fault is CallbackFault.NONE or (fault is CallbackFault.NO_END and is_last):
            return
        if fault is CallbackFault.REVERSED:
            self._held.insert(0, (address, fields, is_last))
            if is_last:
                for held, told, _ in self._held:
                    self._post(held, told)
            return
        self._post(address, fields)
        if fault is CallbackFault.TWICE:
            self._post(address, fields)

    async def _ask(self, address: str, more: dict[str, str]) -> str | None:
        return await self._emulator.outbox.post(address, {**self._common(), **more})

    def _post(self, address: str, more: dict[str, str]) -> None:
        if self._call.fault.callbacks is not CallbackFault.NONE:
            self.letters.put_nowait((address, {**self._common(), **more}))

    async def _send_letters(self) -> None:
        signed = self._call.fault.callbacks is not CallbackFault.UNSIGNED
        while True:
            address, fields = await self.letters.get()
            await self._emulator.outbox.post(address, fields, signed=signed)
            self.letters.task_done()

    def _common(self) -> dict[str, str]:
        call = self._call
        return {
            "CallSid": call.sid,
            "AccountSid": call.account_sid,
            "From": call.asked("From"),
            "To": call.asked("To"),
            "CallStatus": call.status,
            "Direction": "outbound-api",
            "ApiVersion": "2010-04-01",
        }

    async def _or_hangup(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it, unless our customer hangs up meanwhile."""
        doing = asyncio.create_task(work)
        changing = asyncio.create_task(self._call.instructions.get())
        await asyncio.wait({doing, changing}, return_when=asyncio.FIRST_COMPLETED)
        if changing.done():
            doing.cancel()
            raise _Hangup
        changing.cancel()
        doing.result()
