"""The ports that a stack needs on this machine."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass

from outdial.errors import Conflict
from outdial.settings import Settings


@dataclass(frozen=True)
class Port:
    """One port, the setting that moves it, and what for."""

    field: str
    number: int
    host: str
    purpose: str

    @property
    def setting(self) -> str:
        """The environment variable that moves it."""
        return f"OUTDIAL_{self.field.upper()}"


def needed(settings: Settings, *, own_temporal: bool) -> list[Port]:
    """The ports of everything that would be started here, with or without a Temporal server."""
    ports = [Port("api_port", settings.api_port, settings.api_host, "the API")]
    if own_temporal:
        ports.append(Port("temporal_port", settings.temporal_port, "127.0.0.1", "the Temporal server"))
        ports.append(Port("ui_port", settings.ui_port, "127.0.0.1", "the Temporal UI"))
    return ports


def is_free(port: Port) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in port.host else socket.AF_INET) as probe:
        # Connections that are still fading from an earlier server do not matter; a listener does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.host, port.number))
        except OSError:
            return False
        return True


def check(ports: Iterable[Port]) -> None:
    """Raises Conflict, which names the port and its setting, unless all are free."""
    for port in ports:
        if not is_free(port):
            raise Conflict(
                f"Port {port.number} for {port.purpose} is taken. Stop what uses it, or choose another with"
                f" {port.setting}=….",
                field=port.setting,
            )


def any_free() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
