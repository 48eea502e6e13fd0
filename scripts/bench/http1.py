"""HTTP/1.1 on raw streams, as little as a benchmark's client needs, so that the machine's time goes to the proxy."""

import asyncio
import re
import ssl
from functools import cache
from pathlib import Path
from typing import Final

from scripts.bench.processes import CLIENT_KEY

LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
LIMIT: Final = 1 << 22

type Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def post(path: str, body: bytes, *, host: str, more: str = "") -> bytes:
    """A request of an SDK's size, in either dialect. `more`: header lines, each with its end."""
    return (
        f"POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {CLIENT_KEY}\r\n"
        f"anthropic-version: 2023-06-01\r\ncontent-type: application/json\r\naccept: */*\r\n"
        f"user-agent: bench/1\r\nx-stainless-lang: python\r\ncontent-length: {len(body)}\r\n{more}\r\n"
    ).encode() + body


async def connect(port: int) -> Connection:
    """To a server on this machine."""
    return await asyncio.open_connection("127.0.0.1", port, limit=LIMIT)


async def connect_through(proxy_port: int, host: str, ca: Path) -> Connection:
    """To an HTTPS server, as a client does that knows a proxy and trusts its CA."""
    reader, writer = await connect(proxy_port)
    writer.write(f"CONNECT {host}:443 HTTP/1.1\r\nhost: {host}:443\r\n\r\n".encode())
    said = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in said:
        raise SystemExit(f"no tunnel to {host}: {said!r}")
    await writer.start_tls(trusting(ca), server_hostname=host)
    return reader, writer


@cache
def trusting(ca: Path) -> ssl.SSLContext:
    """For connections to whom this CA vouches for. Made once: to read the system's roots takes long."""
    return ssl.create_default_context(cafile=str(ca))


async def read_reply(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body, by length or in chunks."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    if length:
        return int(head[9:12]), await reader.readexactly(int(length[1]))
    pieces: list[bytes] = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        pieces.append((await reader.readexactly(size + 2))[:-2])
    await reader.readexactly(2)
    return int(head[9:12]), b"".join(pieces)
