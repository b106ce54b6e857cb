"""Twilio's REST API, as far as its customers here use it."""

import asyncio
import base64
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from twilio_emulator.calls import ENDED, VERSION, EmulatedCall, new_sid, rfc2822
from twilio_emulator.emulator import Emulator
from twilio_emulator.faults import CallbackFault, Fault, RequestFault
from twilio_emulator.phone import live

ROOT = f"/{VERSION}/Accounts/{{account}}"
SLOW_SECONDS = 30.0
QUEUED_MS = 3_600_000
# Twilio's magic numbers for test credentials.
_MAGIC = {"+15005550001": 21211, "+15005550002": 21214, "+15005550003": 21215, "+15005550004": 21216}
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_BEFORE = {
    RequestFault.TOO_MANY: (429, 20429, "Too Many Requests"),
    RequestFault.ERROR_BEFORE: (500, 20500, "Internal Server Error"),
    RequestFault.UNAUTHORIZED: (401, 20003, "Authenticate"),
}


def create_app(emulator: Emulator) -> Starlette:
    """The API of that account."""
    api = _Api(emulator)
    routes = [
        Route(f"{ROOT}.json", api.account),
        Route(f"{ROOT}/Calls.json", api.create_call, methods=["POST"]),
        Route(f"{ROOT}/Calls.json", api.list_calls),
        Route(f"{ROOT}/Calls/{{sid}}.json", api.change_call, methods=["POST"]),
        Route(f"{ROOT}/Calls/{{sid}}.json", api.read_call),
        Route(f"{ROOT}/IncomingPhoneNumbers.json", api.numbers),
        Route(f"{ROOT}/OutgoingCallerIds.json", api.caller_ids),
        Route(f"{ROOT}/Messages.json", api.create_message, methods=["POST"]),
        Route(f"{ROOT}/Recordings/{{sid}}.mp3", api.recording),
        Route(f"{ROOT}/Recordings/{{sid}}.json", api.delete_recording, methods=["DELETE"]),
        Route("/emulator/faults", api.set_faults, methods=["POST"]),
        Route("/emulator/calls", api.show_calls),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        yield
        await emulator.close()

    return Starlette(routes=routes, lifespan=lifespan)


class _Cut(Response):
    """An answer that breaks off in the middle."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"sid": "CA', "more_body": False})


class _Api:
    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def account(self, request: Request) -> Response:
        """The account itself."""
        if (refused := self._refused(request)) is not None:
            return refused
        account = {"sid": self._emulator.account_sid, "friendly_name": "Emulator", "status": "active"}
        return JSONResponse({**account, "type": "Full"})

    async def create_call(self, request: Request) -> Response:
        """Dial."""
        emulator, form = self._emulator, await _form(request)
        emulator.requests.append(form)
        if (refused := self._refused(request) or _unfit(form, emulator.numbers)) is not None:
            return refused
        fault = emulator.next_fault(form["To"][-1])
        if fault.request is not None and fault.request in _BEFORE:
            return _error(*_BEFORE[fault.request])
        if fault.request is RequestFault.CUT_BEFORE:
            return _Cut()
        return await self._dialled(EmulatedCall(emulator.account_sid, form, fault))

    async def _dialled(self, call: EmulatedCall) -> Response:
        emulator, fault = self._emulator, call.fault
        emulator.calls[call.sid] = call
        emulator.dials[call.asked("To")] += 1
        if fault.request is RequestFault.QUEUED:
            call.queue_ms = QUEUED_MS
            return JSONResponse(call.resource(), 201)
        answer = JSONResponse(call.resource(), 201)
        emulator.begin(live(emulator, call))
        if fault.callbacks is CallbackFault.EARLY:
            await _until_heard_of(emulator, call)
        if fault.request is RequestFault.ERROR_AFTER:
            return _error(500, 20500, "Internal Server Error")
        if fault.request is RequestFault.CUT_AFTER:
            return _Cut()
        if fault.request is RequestFault.SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        return answer

    async def list_calls(self, request: Request) -> Response:
        """Calls by number, the newest first."""
        if (refused := self._refused(request)) is not None:
            return refused
        wanted = {name: request.query_params.get(name) for name in ("To", "From", "Status")}
        found = [
            call.resource()
            for call in reversed(self._emulator.calls.values())
            if all(value is None or call.resource()[name.lower()] == value for name, value in wanted.items())
        ]
        size = int(request.query_params.get("PageSize", "50"))
        return JSONResponse(_page("calls", found[:size], request))

    async def read_call(self, request: Request) -> Response:
        """One call."""
        call = self._emulator.calls.get(request.path_params["sid"])
        if (refused := self._refused(request)) is not None:
            return refused
        return JSONResponse(call.resource()) if call else _error(404, 20404, "The call was not found")

    async def change_call(self, request: Request) -> Response:
        """Hang up, or do something else on the line."""
        form = await _form(request)
        call = self._emulator.calls.get(request.path_params["sid"])
        if (refused := self._refused(request)) is not None:
            return refused
        if call is None:
            return _error(404, 20404, "The call was not found")
        if call.status in ENDED:
            return _error(400, 21220, "Call is not in-progress. Cannot redirect.")
        self._change(call, form)
        return JSONResponse(call.resource())

    def _change(self, call: EmulatedCall, form: Mapping[str, list[str]]) -> None:
        if "Twiml" in form:
            call.instructions.put_nowait(form["Twiml"][-1])
        elif form.get("Status", [""])[-1] in ("completed", "canceled"):
            call.instructions.put_nowait(None)
            if call.queue_ms:
                call.status, call.ended_at = "canceled", datetime.now(UTC)

    async def numbers(self, request: Request) -> Response:
        """The account's own numbers."""
        if (refused := self._refused(request)) is not None:
            return refused
        wanted = request.query_params.get("PhoneNumber")
        capable = {"voice": True, "sms": True, "mms": False, "fax": False}
        found = [
            {"sid": f"PN{index:032x}", "phone_number": number, "capabilities": capable}
            for index, number in enumerate(self._emulator.numbers)
            if wanted in (None, number)
        ]
        return JSONResponse(_page("incoming_phone_numbers", found, request))

    async def caller_ids(self, request: Request) -> Response:
        """Numbers that the account has verified; none."""
        return self._refused(request) or JSONResponse(_page("outgoing_caller_ids", [], request))

    async def create_message(self, request: Request) -> Response:
        """Send a text message."""
        emulator, form = self._emulator, await _form(request)
        if (refused := self._refused(request) or _unfit(form, emulator.numbers)) is not None:
            return refused
        fault = emulator.next_fault(form["To"][-1])
        if fault.request is not None and fault.request in _BEFORE:
            return _error(*_BEFORE[fault.request])
        sid, now = new_sid("SM"), rfc2822(datetime.now(UTC))
        message = {"sid": sid, "status": "queued", "to": form["To"][-1], "from": form["From"][-1]}
        emulator.messages[sid] = {**message, "body": form["Body"][-1], "date_created": now}
        emulator.begin(self._deliver(sid, form))
        return JSONResponse(emulator.messages[sid], 201)

    async def _deliver(self, sid: str, form: Mapping[str, list[str]]) -> None:
        for status in ("sent", "delivered"):
            await self._emulator.wait(0.5)
            self._emulator.messages[sid]["status"] = status
            fields = {"MessageSid": sid, "MessageStatus": status, "To": form["To"][-1]}
            if callback := form.get("StatusCallback"):
                await self._emulator.outbox.post(callback[-1], fields)

    async def recording(self, request: Request) -> Response:
        """The audio."""
        found = self._emulator.recordings.get(request.path_params["sid"])
        if (refused := self._refused(request)) is not None:
            return refused
        return Response(found, media_type="audio/mpeg") if found else _error(404, 20404, "Not found")

    async def delete_recording(self, request: Request) -> Response:
        """Delete the audio."""
        if (refused := self._refused(request)) is not None:
            return refused
        gone = self._emulator.recordings.pop(request.path_params["sid"], None)
        return Response(status_code=204) if gone else _error(404, 20404, "Not found")

    async def set_faults(self, request: Request) -> Response:
        """Faults for the next calls, as a JSON list; Twilio knows no such address."""
        self._emulator.faults.extend(Fault.model_validate(each) for each in await request.json())
        return Response(status_code=204)

    async def show_calls(self, _: Request) -> Response:
        """All calls; Twilio knows no such address either."""
        return JSONResponse(
            [
                {**call.resource(), "said": call.said, "spoken": call.spoken, "sessions": call.sessions}
                for call in self._emulator.calls.values()
            ]
        )

    def _refused(self, request: Request) -> Response | None:
        emulator = self._emulator
        secret = f"{emulator.account_sid}:{emulator.auth_token}"
        wanted = "Basic " + base64.b64encode(secret.encode()).decode()
        if request.headers.get("authorization") != wanted:
            return _error(401, 20003, "Authenticate")
        if request.path_params["account"] != emulator.account_sid:
            return _error(404, 20404, "The account was not found")
        return None


async def _until_heard_of(emulator: Emulator, call: EmulatedCall) -> None:

    for _ in range(200):
        if call.status in ENDED or call.is_answered:
            return
        await asyncio.sleep(0.01)


def _unfit(form: Mapping[str, list[str]], numbers: tuple[str, ...]) -> Response | None:
    to, sender = form.get("To", [""])[-1], form.get("From", [""])[-1]
    if to in _MAGIC:
        return _error(400, _MAGIC[to], f"The number {to} can't be called")
    if not _E164.fullmatch(to):
        return _error(400, 21211, f"The 'To' number {to} is not a valid phone number.")
    if sender not in numbers:
        return _error(400, 21210, f"The source phone number {sender} is not verified for your account.")
    return None


async def _form(request: Request) -> Mapping[str, list[str]]:
    return parse_qs((await request.body()).decode(), keep_blank_values=True)


def _page(name: str, found: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    uri = request.url.path
    return {
        name: found,
        "page": 0,
        "page_size": 50,
        "start": 0,
        "end": len(found),
        "uri": uri,
        "first_page_uri": uri,
        "next_page_uri": None,
        "previous_page_uri": None,
    }


def _error(status: int, code: int, message: str) -> Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return JSONResponse({"code": code, "message": message, "more_info": more, "status": status}, status)
