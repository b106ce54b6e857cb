"""The addresses that Twilio calls back; each carries the call and the attempt that it is about."""

from dataclasses import dataclass
from typing import Final

from outdial.settings import Settings

PREFIX: Final = "/carriers/twilio"
# Twilio retries a callback that we did not take, up to five times, instead of once.
_RETRIES: Final = "#rc=5&rp=all"


@dataclass(frozen=True)
class Addresses:
    """Callback addresses of one attempt below the installation's public address."""

    base_url: str
    call_id: str
    attempt: int

    @classmethod
    def of(cls, settings: Settings, dial_key: str) -> "Addresses":
        """Those of the attempt with that dial key (``call:attempt``)."""
        call_id, _, attempt = dial_key.rpartition(":")
        return cls(settings.base_url, call_id, int(attempt))

    @property
    def twiml(self) -> str:
        """What to do once the call is answered."""
        return self._to("twiml") + _RETRIES

    @property
    def status(self) -> str:
        return self._to("status") + _RETRIES

    @property
    def machine(self) -> str:
        """Whether a machine answered."""
        return self._to("machine") + _RETRIES

    @property
    def recording(self) -> str:
        return self._to("recording") + _RETRIES

    @property
    def talked(self) -> str:
        """What to do once the conversation is over."""
        return self._to("talked") + _RETRIES

    def relay(self, token: str) -> str:
        """The conversation's WebSocket."""
        return "ws" + self._to("relay").removeprefix("http") + f"/{token}"

    def _to(self, what: str) -> str:
        return f"{self.base_url}{PREFIX}/calls/{self.call_id}/{self.attempt}/{what}"


def message_status(settings: Settings, message_id: str) -> str:
    """Where Twilio tells what became of a text message."""
    return f"{settings.base_url}{PREFIX}/messages/{message_id}/status{_RETRIES}"
