"""A door before a server with TLS that lets in only who offers HTTP/2, as a server does that speaks nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

OFFER: Final = b"\x02h2"
NO_APPLICATION_PROTOCOL: Final = b"\x15\x03\x03\x00\x02\x02\x78"
"""A fatal alert. Sources: RFC 8446, section 6; RFC 7301, section 3.2."""


@asynccontextmanager
async def only_second_version(port: int) -> AsyncIterator[tuple[int, list[bool]]]:
    """Its own port, and of each connection whether it was let in. `port`: the server's."""
    seen: list[bool] = []

    async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readexactly(5)
        hello = head + await reader.readexactly(int.from_bytes(head[3:]))
        seen.append(OFFER in hello)
        if not seen[-1]:
            writer.write(NO_APPLICATION_PROTOCOL)
            await writer.drain()
            writer.close()
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        inner_writer.write(hello)
        await asyncio.gather(_pass(reader, inner_writer), _pass(inner_reader, writer))

    server = await asyncio.start_server(enter, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], seen
    finally:
        server.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass  # Either end may leave.
    finally:
        writer.close()
