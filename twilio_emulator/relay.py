"""Twilio's end of a ConversationRelay session: a callee who hears text and answers in text."""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from outdial.agents.base import Utterance
from outdial.carriers.callee import Callee
from outdial.carriers.personas import Persona
from outdial.models.call import Speaker
from twilio_emulator.calls import EmulatedCall, new_sid
from twilio_emulator.emulator import Emulator
from twilio_emulator.faults import SocketFault

SECONDS_PER_LETTER = 0.06
INTERRUPTION = "Sorry, wait. Who is this?"
KEYS = "12"
STRAGGLERS = 0.05


@dataclass(frozen=True)
class SessionResult:
    """How a session ended, and what is posted to the action address about it."""

    status: str
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    hung_up: bool = False
    HUNG_UP: ClassVar["SessionResult"]


SessionResult.HUNG_UP = SessionResult("completed", hung_up=True)


async def talk(
    emulator: Emulator, call: EmulatedCall, noun: Mapping[str, str], persona: Persona
) -> SessionResult:
    """Open the socket that the noun names and hold the session to its end."""
    url = noun["url"]
    headers = {"X-Twilio-Signature": emulator.outbox.signature(url, {})}
    try:
        async with connect(
            emulator.outbox.reach(url), additional_headers=headers, proxy=None, compression=None
        ) as socket:
            call.sessions += 1
            session = _Session(emulator, call, socket, persona)
            if call.fault.socket is SocketFault.TWICE:
                session.on_first_turn = _intrude(emulator.outbox.reach(url), headers, call)
            return await session.run()
    except (OSError, InvalidHandshake) as error:
        return _failed("64102", f"Unable to connect to WebSocket URL: {error}")


async def _intrude(url: str, headers: Mapping[str, str], call: EmulatedCall) -> None:
    """A second session for the same call; it should be turned away."""
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        await socket.send(json.dumps(_setup(call)))
        await socket.wait_closed()


class _Session:
    def __init__(
        self, emulator: Emulator, call: EmulatedCall, socket: ClientConnection, persona: Persona
    ) -> None:
        self._emulator = emulator
        self._call = call
        self._socket = socket
        self._callee = Callee(persona)
        self._said: list[Utterance] = []
        self._tokens: list[str] = []
        self._turns = 0
        self.on_first_turn: Coroutine[Any, Any, None] | None = None

    async def run(self) -> SessionResult:
        """Hear and answer until somebody ends it."""
        await self._send(_setup(self._call))
        try:
            while True:
                frame: dict[str, Any] = json.loads(await self._socket.recv())
                if frame["type"] == "end":
                    await self._socket.close()
                    return SessionResult("ended", {"HandoffData": str(frame.get("handoffData", ""))})
                if frame["type"] == "text" and (result := await self._hear(frame)) is not None:
                    return result
        except ConnectionClosed:
            return _failed("64105", "WebSocket ended abnormally")

    async def _hear(self, frame: Mapping[str, Any]) -> SessionResult | None:
        self._tokens.append(frame["token"])
        if self.on_first_turn is not None:
            self._emulator.begin(self.on_first_turn)
            self.on_first_turn = None
        breaks_in = self._turns == 1 and bool("".join(self._tokens).strip())
        if breaks_in and self._call.fault.socket is SocketFault.DROPPED:
            self._socket.transport.abort()
            return _failed("64105", "WebSocket ended abnormally")
        if breaks_in and self._call.fault.socket is SocketFault.INTERRUPTED:
            await self._interrupt()
            return None
        return await self._answer() if frame.get("last") else None

    async def _interrupt(self) -> None:
        words = "".join(self._tokens).split()
        heard = " ".join(words[: max(1, len(words) // 2)])
        self._end_turn(heard)
        frame = {"type": "interrupt", "utteranceUntilInterrupt": heard, "durationUntilInterruptMs": "460"}
        await self._send(frame)
        # What was on its way already belongs to the turn that was broken into, and is not spoken.
        with suppress(TimeoutError):
            async with asyncio.timeout(STRAGGLERS):
                while True:
                    await self._socket.recv()
        await self._say(INTERRUPTION)

    async def _answer(self) -> SessionResult | None:
        text = "".join(self._tokens)
        if not text.strip():
            self._tokens.clear()
            return None
        await self._send({"type": "info", "name": "agentSpeaking", "value": "on"})
        await self._emulator.wait(len(text) * SECONDS_PER_LETTER)
        await self._send({"type": "info", "name": "tokensPlayed", "value": text})
        await self._send({"type": "info", "name": "agentSpeaking", "value": "off"})
        self._end_turn(text.strip())
        reply = self._callee.hears(self._said)
        if reply.text is not None:
            await self._emulator.wait(reply.pause_seconds)
            await self._say(reply.text)
        if reply.hangs_up:
            await self._socket.close()
            return SessionResult.HUNG_UP
        return None

    async def _say(self, text: str) -> None:
        self._said.append(Utterance(Speaker.CALLEE, text))
        self._call.said.append(f"callee: {text}")
        if self._call.fault.socket is SocketFault.KEYS and self._turns == 1:
            for key in KEYS:
                await self._send({"type": "dtmf", "digit": key})
            return
        half = {"type": "prompt", "voicePrompt": text[: len(text) // 2], "lang": "en-US", "last": False}
        await self._send(half)
        await self._send({"type": "prompt", "voicePrompt": text, "lang": "en-US", "last": True})

    def _end_turn(self, heard: str) -> None:
        self._said.append(Utterance(Speaker.AGENT, heard))
        self._call.said.append(f"agent: {heard}")
        self._tokens.clear()
        self._turns += 1

    async def _send(self, frame: Mapping[str, Any]) -> None:
        await self._socket.send(json.dumps(frame))


def _setup(call: EmulatedCall) -> dict[str, Any]:
    return {
        "type": "setup",
        "sessionId": new_sid("VX"),
        "accountSid": call.account_sid,
        "callSid": call.sid,
        "parentCallSid": "",
        "from": call.asked("From"),
        "to": call.asked("To"),
        "forwardedFrom": "",
        "callerName": "",
        "direction": "outbound-api",
        "callType": "PSTN",
        "callStatus": "IN-PROGRESS",
        "customParameters": {},
    }


def _failed(code: str, message: str) -> SessionResult:
    return SessionResult("failed", {"ErrorCode": code, "ErrorMessage": message})
