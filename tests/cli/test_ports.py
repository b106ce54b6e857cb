"""The ports that a stack needs."""

import socket

import pytest

from outdial.cli.ports import Port, any_free, check, needed
from outdial.errors import Conflict
from outdial.settings import Settings


def test_a_taken_port_is_named_with_the_setting_that_moves_it() -> None:
    """The message says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number: int = server.getsockname()[1]
        with pytest.raises(Conflict, match=f"Port {number} for the API is taken") as refused:
            check([Port("api_port", number, "127.0.0.1", "the API")])
    assert refused.value.field == "OUTDIAL_API_PORT"


def test_free_ports_pass() -> None:
    """A port that nobody listens on is fine."""
    check([Port("api_port", any_free(), "127.0.0.1", "the API")])


def test_the_port_of_a_server_that_was_just_stopped_is_free() -> None:
    """Connections that still fade away do not count as taken."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number: int = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", number)):
            server.accept()[0].close()
    check([Port("api_port", number, "127.0.0.1", "the API")])


@pytest.mark.parametrize(
    ("own_temporal", "settings"),
    [
        (True, ["OUTDIAL_API_PORT", "OUTDIAL_TEMPORAL_PORT", "OUTDIAL_UI_PORT"]),
        (False, ["OUTDIAL_API_PORT"]),
    ],
)
def test_a_temporal_elsewhere_needs_no_ports_here(own_temporal: bool, settings: list[str]) -> None:
    """Only what is started here needs ports here."""
    assert [port.setting for port in needed(Settings(), own_temporal=own_temporal)] == settings
