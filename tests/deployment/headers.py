"""A server that only notes with which headers it is asked."""

import asyncio
from contextlib import suppress
from typing import Any

import h2.config
import h2.connection
import h2.events
from temporalio.service import RPCError

from engine.connection import connect
from outdial.settings import Settings
from tests.temporal_server import HOST

WITHIN = 10


async def asked_with(**given: Any) -> dict[str, str]:
    """The headers of the first request that a client by these settings makes."""
    noted: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        line.initiate_connection()
        while not noted.done() and (data := await reader.read(65_536)):
            for event in line.receive_data(data):
                if isinstance(event, h2.events.RequestReceived) and not noted.done():
                    noted.set_result(_plain(event))
            writer.write(line.data_to_send())
        writer.close()

    async with await asyncio.start_server(serve, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = asyncio.create_task(
            connect(Settings.model_validate({"temporal_address": f"{HOST}:{port}", **given}))
        )
        try:
            return await asyncio.wait_for(noted, WITHIN)
        finally:
            client.cancel()
            with suppress(RuntimeError, RPCError, asyncio.CancelledError):
                await client


def _plain(event: h2.events.RequestReceived) -> dict[str, str]:
    return {str(name): str(value) for name, value in event.headers}
