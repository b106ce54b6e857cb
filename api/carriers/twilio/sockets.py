"""The sockets at which conversations are held, one an attempt."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from api.carriers.twilio.signed import target_of
from api.carriers.twilio.talking import Conversation
from outdial.carriers.twilio.addresses import PREFIX
from outdial.carriers.twilio.signatures import HEADER, Signatures, opens_relay
from outdial.metrics import TALKS
from outdial.models.base import utc_now
from outdial.settings import Settings
from outdial.store import talks
from outdial.store.database import Database

router = APIRouter()

POLICY_VIOLATION = 1008
SETUP_WITHIN = 10.0
# How long Twilio may take to hang up once it was asked to.
CLOSE_WITHIN = 10.0

_log = structlog.get_logger(__name__)


@router.websocket(f"{PREFIX}/calls/{{call_id}}/{{attempt}}/relay/{{token}}")
async def relay(socket: WebSocket, call_id: str, attempt: int, token: str) -> None:
    """Hold the conversation of one attempt; whoever is not Twilio, or comes twice, is turned away."""
    settings: Settings = socket.app.state.settings
    key = f"{call_id}:{attempt}"
    signatures: Signatures = socket.app.state.twilio_signatures
    signed = signatures.signed_socket(target_of(socket), socket.headers.get(HEADER, ""))
    if not signed or not opens_relay(settings, key, token):
        await socket.close(POLICY_VIOLATION)
        return
    await socket.accept()
    with suppress(WebSocketDisconnect):
        await _converse(socket, key)


async def _converse(socket: WebSocket, key: str) -> None:
    async with asyncio.timeout(SETUP_WITHIN):
        setup = await socket.receive_json()
    if setup.get("type") != "setup":
        await socket.close(POLICY_VIOLATION)
        return
    state = socket.app.state
    opened = await asyncio.to_thread(
        Conversation.open,
        state.database,
        state.settings,
        key,
        str(setup.get("callSid", "")),
        socket.send_json,
    )
    if opened is None:
        _log.warning("talk.refused", dial_key=key)
        await socket.close(POLICY_VIOLATION)
        return
    conversations: LiveTalks = state.talks
    async with conversations.holding(opened.attempt_id):
        await _hold(socket, opened)


async def _hold(socket: WebSocket, conversation: Conversation) -> None:
    """Read and talk side by side until both are done."""
    talking = asyncio.create_task(conversation.hold())
    reading = asyncio.create_task(_read(socket, conversation))
    try:
        await talking
        async with asyncio.timeout(CLOSE_WITHIN):
            await reading
    except TimeoutError:
        await socket.close()
    finally:
        for task in (talking, reading):
            task.cancel()


async def _read(socket: WebSocket, conversation: Conversation) -> None:
    try:
        while True:
            conversation.line.take(await socket.receive_json())
    except (WebSocketDisconnect, ValueError, RuntimeError):
        conversation.line.close()


class LiveTalks:
    """The conversations that this process holds: it says now and then that it is alive."""

    def __init__(self, database: Database, every: float) -> None:
        self._database = database
        self._every = every
        self._held: set[str] = set()

    @property
    def live(self) -> int:
        """How many there are now."""
        return len(self._held)

    @asynccontextmanager
    async def holding(self, attempt_id: str) -> AsyncGenerator[None]:
        """The attempt's conversation is held here within the block."""
        self._held.add(attempt_id)
        try:
            with TALKS.track_inprogress():
                yield
        finally:
            self._held.discard(attempt_id)

    async def beat(self) -> None:
        """Say so for all of them, in one write, until cancelled."""
        while True:
            await asyncio.sleep(self._every)
            if self._held:
                with suppress(Exception):
                    await asyncio.to_thread(self._see, list(self._held))

    def _see(self, held: list[str]) -> None:
        with self._database.write() as session:
            talks.see(session, held, utc_now())
