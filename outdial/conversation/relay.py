"""A real line over the ConversationRelay protocol: the carrier does speech, text goes both ways in JSON frames."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog

from outdial.agents.base import Utterance
from outdial.conversation.silence import Patience
from outdial.conversation.talk import Heard, Interrupted

# How fast a voice speaks, for where the carrier does not tell when it has spoken.
SECONDS_PER_LETTER: Final = 0.06
# What playing may lag behind that.
PLAYING_GRACE: Final = 1.5
# How long a recording may play where the carrier does not tell when it is over.
LONGEST_SOUND: Final = 30.0
# After a key, how long the next one is waited for.
KEYS_PAUSE: Final = 1.5

Send = Callable[[dict[str, Any]], Awaitable[None]]

_log = structlog.get_logger(__name__)


class _Closed:
    """The socket is gone."""


class _Broke(str):
    """What was heard of the agent's words when somebody spoke into them."""


class _Said(str):
    """What somebody said."""


class _Key(str):
    """A key that was pressed."""


@dataclass
class _Turn:
    """One turn of the agent: breaking into it cancels what is being done in it, the model's answer above all."""

    task: asyncio.Task[Any]
    is_broken: bool = False
    heard: str | None = None
    has_spoken: bool = False

    def interrupt(self, heard: str | None) -> None:
        """Break into the turn, unless it is broken already."""
        if not self.is_broken:
            self.is_broken, self.heard = True, heard
            self.task.cancel()


class RelayLine:
    """A transport of the turn loop. ``take`` is given each frame that arrives, ``send`` writes ours.

    ``patience`` says how long the other side may say nothing after the agent has spoken.
    """

    def __init__(self, send: Send, *, patience: Patience) -> None:
        self.latency_ms: int | None = None
        self._send = send
        self._patience = patience
        self._inbox: asyncio.Queue[_Closed | _Broke | _Said | _Key] = asyncio.Queue()
        self._held: _Closed | _Broke | _Said | _Key | None = None  # taken out of the inbox too soon
        self._began = time.monotonic()
        self._heard_at: float | None = None
        self._speaks_until = self._began
        self._is_closed = False
        self._quiet = asyncio.Event()
        self._turn: _Turn | None = None
        self._takers: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
            "prompt": self._take_prompt,
            "interrupt": self._take_interrupt,
            "dtmf": lambda frame: self._inbox.put_nowait(_Key(frame.get("digit", ""))),
            "info": self._take_info,
            "error": lambda frame: _log.warning("relay.error", description=frame.get("description")),
        }

    def take(self, frame: Mapping[str, Any]) -> None:
        """A frame from the carrier; kinds that are not known mean nothing."""
        taker = self._takers.get(str(frame.get("type")))
        if taker is not None:
            taker(frame)

    def close(self) -> None:
        """The other side is gone."""
        self._is_closed = True
        self._quiet.set()
        self._inbox.put_nowait(_Closed())
        if self._turn is not None:
            self._turn.interrupt(None)

    @asynccontextmanager
    async def speaking(self) -> AsyncGenerator[None]:
        task = asyncio.current_task()
        assert task is not None, "a conversation runs in a task"
        turn = self._turn = _Turn(task)
        self.latency_ms = None
        try:
            yield
            if turn.has_spoken:
                await self._write({"type": "text", "token": "", "last": True})
        except BaseException:
            if not turn.is_broken:
                raise
            task.uncancel()
            raise Interrupted(turn.heard) from None
        finally:
            self._turn = None

    async def say(self, part: str) -> None:
        if self._turn is not None and not self._turn.has_spoken:
            self._turn.has_spoken = True
            self.latency_ms = self._since_heard()
            self._quiet.clear()
        self._speaks_until = max(self._speaks_until, time.monotonic()) + len(part) * SECONDS_PER_LETTER
        await self._write({"type": "text", "token": part, "last": False})

    async def press(self, keys: str) -> None:
        await self._write({"type": "sendDigits", "digits": keys})

    async def play(self, source: str) -> None:
        self._quiet.clear()
        self._speaks_until = max(self._speaks_until, time.monotonic()) + LONGEST_SOUND
        await self._write({"type": "play", "source": source, "loop": 1, "interruptible": True})

    async def change_language(self, language: str) -> None:
        await self._write({"type": "language", "ttsLanguage": language, "transcriptionLanguage": language})

    async def listen(self, said: Sequence[Utterance]) -> Heard:
        cut: str | None = None
        limit = self._patience.seconds(said)
        while True:
            item = await self._next(self._left(limit))
            if item is None and self._left(limit) > 0:
                continue  # the agent was still speaking
            if item is None:
                return Heard(None, cut=cut)
            if isinstance(item, _Closed):
                return Heard(None, hung_up=True, cut=cut)
            if isinstance(item, _Said):
                return Heard(" ".join([item, *self._said_since()]), cut=cut)
            if isinstance(item, _Key):
                return Heard(await self._keys(item), cut=cut)
            cut = str(item)

    def elapsed(self) -> float:
        return time.monotonic() - self._began

    async def end(self, handoff: Mapping[str, Any]) -> None:
        """End the session once the last words were spoken; ``handoff`` is told to whoever is asked what then."""
        left = max(0.0, self._speaks_until - time.monotonic()) + PLAYING_GRACE
        # Where the carrier does not tell, they must have been by then.
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self._quiet.wait()
        await self._write({"type": "end", "handoffData": json.dumps(handoff)})

    async def _write(self, frame: dict[str, Any]) -> None:
        if not self._is_closed:
            await self._send(frame)

    def _take_prompt(self, frame: Mapping[str, Any]) -> None:
        text = str(frame.get("voicePrompt", "")).strip()
        if not frame.get("last", True) or not text:
            return
        self._heard_at = time.monotonic()
        self._inbox.put_nowait(_Said(text))
        # Whoever goes on speaking while the agent still thinks gets one answer, to all of it.
        if self._turn is not None and not self._turn.has_spoken:
            self._turn.interrupt(None)

    def _take_interrupt(self, frame: Mapping[str, Any]) -> None:
        heard = str(frame.get("utteranceUntilInterrupt", ""))
        self._speaks_until = time.monotonic()
        if self._turn is not None and self._turn.has_spoken:
            self._turn.interrupt(heard)
        else:
            self._inbox.put_nowait(_Broke(heard))

    def _take_info(self, frame: Mapping[str, Any]) -> None:
        if frame.get("name") == "agentSpeaking" and str(frame.get("value")).lower() in ("off", "false"):
            self._quiet.set()
            if self._turn is None:
                self._speaks_until = time.monotonic()

    def _since_heard(self) -> int | None:
        if self._heard_at is None:
            return None
        since, self._heard_at = time.monotonic() - self._heard_at, None
        return round(since * 1000)

    def _left(self, limit: float) -> float:
        return self._speaks_until + limit - time.monotonic()

    def _said_since(self) -> Iterator[str]:
        """What was said in the same go, and lies there already."""
        while self._held is None and not self._inbox.empty():
            item = self._inbox.get_nowait()
            if isinstance(item, _Said):
                yield item
            else:
                self._held = item

    async def _next(self, seconds: float) -> _Closed | _Broke | _Said | _Key | None:
        held, self._held = self._held, None
        if held is not None:
            return held
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                return await self._inbox.get()
        except TimeoutError:
            return None

    async def _keys(self, first: str) -> str:
        keys = first
        while not keys.endswith("#"):
            item = await self._next(KEYS_PAUSE)
            if not isinstance(item, _Key):
                self._held = item
                break
            keys += item
        return f"[Pressed {keys} on the keypad.]"
