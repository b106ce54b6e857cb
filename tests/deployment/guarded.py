"""A Temporal server behind TLS: a proxy that ends TLS before the dev server, and may ask for a certificate."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.temporal_server import HOST
from tests.webhooks.certificates import Authority

NAME = "temporal.internal"


@dataclass(frozen=True)
class Guarded:
    """Where it listens, and files of the authority that certified it and of a client that it trusts."""

    address: str
    ca: Path
    cert: Path
    key: Path


@asynccontextmanager
async def guarded(target: str, folder: Path, *, asks: bool = False) -> AsyncGenerator[Guarded]:
    """TLS before ``target`` until the block ends; ``asks`` for a client's certificate."""
    authority = Authority(folder)
    cert, key = authority.certify(NAME)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.set_alpn_protocols(["h2"])
    if asks:
        context.load_verify_locations(authority.file)
        context.verify_mode = ssl.CERT_REQUIRED

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = target.partition(":")
        there, back = await asyncio.open_connection(host, int(port))
        await asyncio.gather(_pass(reader, back), _pass(there, writer))

    server = await asyncio.start_server(serve, HOST, 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield Guarded(f"{HOST}:{port}", authority.file, *authority.certify("outdial"))
        server.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
