"""A language model's server on 127.0.0.1: OpenAI's chat completions and responses, Anthropic's messages."""

import json
import threading
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


@dataclass(frozen=True)
class Answer:
    """What the model says next: words, then perhaps a tool call; or an HTTP error, or a cut connection."""

    words: tuple[str, ...] = ()
    tool: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    status: int = 200
    breaks_off: bool = False
    delay: float = 0


@dataclass
class ModelServer:
    """Gives ``answers`` in order, the last one again and again, and keeps what it was asked."""

    answers: list[Answer]
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    # While cleared, a stream stops after its first word.
    gate: threading.Event = field(default_factory=threading.Event)

    async def take(self, request: Request) -> tuple[Answer, dict[str, Any]]:
        asked = await request.json()
        self.requests.append(asked | {"authorization": request.headers.get("authorization")})
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await anyio.sleep(answer.delay)
        return answer, asked

    async def openai(self, request: Request) -> Response:
        answer, asked = await self.take(request)
        if answer.status != 200:
            return JSONResponse({"error": {"message": "overloaded", "type": "server_error"}}, answer.status)
        if asked.get("stream"):
            return StreamingResponse(self._openai_events(answer), media_type="text/event-stream")
        message = {
            "role": "assistant",
            "content": "".join(answer.words) or None,
            "tool_calls": _calls(answer),
        }
        choice = {"index": 0, "message": message, "finish_reason": _finish(answer)}
        return JSONResponse(_head("chat.completion") | {"choices": [choice], "usage": _usage()})

    async def anthropic(self, request: Request) -> Response:
        answer, asked = await self.take(request)
        assert asked["stream"]
        return StreamingResponse(self._anthropic_events(answer), media_type="text/event-stream")

    async def responses(self, request: Request) -> Response:
        answer, asked = await self.take(request)
        assert asked["stream"]
        return StreamingResponse(self._responses_events(answer), media_type="text/event-stream")

    async def _words(self, answer: Answer) -> AsyncIterator[str]:
        for position, word in enumerate(answer.words):
            if position:
                await anyio.to_thread.run_sync(self.gate.wait, 10)
            yield word
        if answer.breaks_off:
            raise ConnectionResetError("the model's server dies")

    async def _openai_events(self, answer: Answer) -> AsyncIterator[str]:
        async for word in self._words(answer):
            yield _openai_chunk({"role": "assistant", "content": word})
        for call in _calls(answer) or ():
            yield _openai_chunk({"tool_calls": [call | {"index": 0}]})
        yield _openai_chunk({}, _finish(answer))
        yield "data: [DONE]\n\n"

    async def _responses_events(self, answer: Answer) -> AsyncIterator[str]:
        head: dict[str, Any] = {
            "id": "resp_1",
            "object": "response",
            "created_at": 1_700_000_000,
            "model": "m",
        }
        item: dict[str, Any] = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        yield _event("response.created", response=head | {"status": "in_progress", "output": []})
        yield _event("response.output_item.added", output_index=0, item=item)
        async for word in self._words(answer):
            yield _event("response.output_text.delta", delta=word, logprobs=[], **place)
        text: dict[str, Any] = {"type": "output_text", "text": "".join(answer.words), "annotations": []}
        done: dict[str, Any] = item | {"status": "completed", "content": [text]}
        yield _event("response.output_item.done", output_index=0, item=done)
        yield _event("response.completed", response=head | {"status": "completed", "output": [done]})

    async def _anthropic_events(self, answer: Answer) -> AsyncIterator[str]:
        message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
        usage = {"input_tokens": 1, "output_tokens": 1}
        yield _event("message_start", message=message | {"model": "m", "stop_reason": None, "usage": usage})
        yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        async for word in self._words(answer):
            yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
        yield _event("content_block_stop", index=0)
        yield _event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage=usage)
        yield _event("message_stop")


@contextmanager
def model_server(*answers: Answer) -> Generator[ModelServer]:
    """The server, listening until the block is left."""
    model = ModelServer(list(answers))
    model.gate.set()
    routes = [
        Route("/v1/chat/completions", model.openai, methods=["POST"]),
        Route("/v1/responses", model.responses, methods=["POST"]),
        Route("/v1/messages", model.anthropic, methods=["POST"]),
    ]
    config = uvicorn.Config(
        Starlette(routes=routes), port=0, log_level="critical", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        threading.Event().wait(0.01)
    model.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield model
    finally:
        model.gate.set()
        server.should_exit = True
        thread.join()


def _calls(answer: Answer) -> list[dict[str, Any]] | None:
    if answer.tool is None:
        return None
    function = {"name": answer.tool, "arguments": json.dumps(answer.arguments)}
    return [{"id": "call_1", "type": "function", "function": function}]


def _finish(answer: Answer) -> str:
    return "tool_calls" if answer.tool else "stop"


def _head(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_700_000_000, "model": "test-model"}


def _usage() -> dict[str, int]:
    return {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


def _openai_chunk(delta: dict[str, Any], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps(_head('chat.completion.chunk') | {'choices': [choice]})}\n\n"


def _event(kind: str, **content: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **content})}\n\n"
