"""`python -m api`: serve until SIGTERM, then take nobody new, let live conversations end, and leave."""

import asyncio
import socket

import uvicorn

from api.app import app
from api.carriers.twilio.sockets import LiveTalks
from outdial.settings import get_settings

# How long requests that have begun may take to end, in seconds.
REQUESTS_END_WITHIN = 10
LOOK_EVERY = 0.1


class DrainingServer(uvicorn.Server):
    """Uvicorn's server, which would cut conversations at once: they are given ``drain`` seconds to end."""

    def __init__(self, config: uvicorn.Config, talks: LiveTalks, drain: float) -> None:
        super().__init__(config)
        self._talks = talks
        self._drain = drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the doors, finish requests, then conversations, then the rest."""
        for server in self.servers:
            server.close()
        self._end_requests()
        await self._await_talks()
        await super().shutdown(sockets)

    def _end_requests(self) -> None:
        """An answer that is under way is sent; a connection that is kept for the next request is closed."""
        sockets: type = self.config.ws_protocol_class or type(None)
        for connection in list(self.server_state.connections):
            if not isinstance(connection, sockets):
                connection.shutdown()

    async def _await_talks(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._drain
        # force_exit: somebody pressed Ctrl-C twice.
        while self._talks.live and loop.time() < until and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY)


def main() -> None:
    settings = get_settings()
    config = uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        timeout_graceful_shutdown=REQUESTS_END_WITHIN,
        # The application has set up its own, which masks numbers.
        log_config=None,
    )
    DrainingServer(config, app.state.talks, settings.drain).run()


if __name__ == "__main__":
    main()
