"""Requests from Twilio to its customer: signed forms, retried as the address asks for."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urldefrag

import httpx
from twilio.request_validator import RequestValidator

from twilio_emulator.calls import new_sid

WITHIN = 15.0
MOST_RETRIES = 5


class Outbox:
    """Posts to the customer. ``rewrite`` is a public address and where it leads on this machine."""

    def __init__(self, auth_token: str, rewrite: tuple[str, str] | None = None) -> None:
        self._validator: Any = RequestValidator(auth_token)
        self._rewrite = rewrite
        self._http = httpx.AsyncClient(timeout=WITHIN, trust_env=False)

    def signature(self, url: str, fields: Mapping[str, str]) -> str:
        """Twilio's signature of such a request."""
        return str(self._validator.compute_signature(url, dict(fields)))

    def reach(self, url: str) -> str:
        """Where to connect for that address."""
        if self._rewrite is None:
            return url
        public, local = self._rewrite
        for scheme, plain in (("", ""), ("ws", "http")):
            outside, inside = _with(public, scheme, plain), _with(local, scheme, plain)
            if url.startswith(outside):
                return inside + url.removeprefix(outside)
        return url

    async def post(self, address: str, fields: Mapping[str, str], *, signed: bool = True) -> str | None:
        """The answer's text, None where nobody took the request after the retries that the address asks for."""
        url, fragment = urldefrag(address)
        headers = {
            "X-Twilio-Signature": self.signature(url, fields) if signed else "bm90IFR3aWxpbydz",
            "I-Twilio-Idempotency-Token": new_sid("IT"),
        }
        for attempt in range(1 + _retries(fragment)):
            if attempt:
                await asyncio.sleep(min(0.05 * 2**attempt, 2))
            try:
                answer = await self._http.post(self.reach(url), data=dict(fields), headers=headers)
            except httpx.HTTPError:
                continue
            if answer.is_success:
                return answer.text
            if "all" not in fragment:
                return None
        return None

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.aclose()


def _with(address: str, scheme: str, plain: str) -> str:
    return scheme + address.removeprefix(plain) if scheme else address


def _retries(fragment: str) -> int:
    # Without an override Twilio tries again once, where the connection failed.
    return min(int(parse_qs(fragment).get("rc", ["1"])[0]), MOST_RETRIES)
