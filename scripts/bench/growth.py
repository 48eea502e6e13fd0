"""Whether the proxy's memory grows with the requests that it has answered: RSS from one count of them to another.

Each way has a process of its own, which is asked by so many clients at once and looked at as it goes. `KB each` is how
much RSS grew per request between --from and --to: of the straight line through all that was seen there, since RSS moves
in steps. Kept connections stay open to the end; `new` ones are closed after so many requests.

    .venv/bin/python scripts/bench/growth.py [--json] [--from 10000] [--to 20000] [--only console]
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.http1 import Connection, connect, connect_through, post, read_reply
from scripts.bench.processes import MODEL, Proxy, Start, ours, started, upstream_server

LOOKS: Final = 20
"""How often RSS is read between two counts."""

VENDOR: Final = "api.anthropic.com"


@dataclass(frozen=True, slots=True)
class Way:
    """How the proxy is used. `each`: requests on a connection, 0 keeps it. `through`: by the HTTPS proxy."""

    name: str
    clients: int
    each: int = 0
    stream: bool = False
    through: bool = False
    console: bool = False


WAYS: Final = (
    Way("gateway, whole, kept", 8),
    Way("gateway, whole, new each", 8, each=1),
    Way("gateway, stream, kept", 8, stream=True),
    Way("HTTPS proxy, whole, one kept", 1, through=True),
    Way("HTTPS proxy, whole, new each 100", 4, each=100, through=True),
    Way("HTTPS proxy, stream, new each 100", 4, each=100, stream=True, through=True),
    Way("console, whole, kept", 8, console=True),
    Way("console, stream, kept", 8, stream=True, console=True),
)


@dataclass(frozen=True, slots=True)
class Growth:
    """What was seen of one way. MB at the start, at --from and at --to; KB a request between those."""

    start_mb: float
    from_mb: float
    to_mb: float
    kb_each: float


def main() -> None:
    """Runs all of it and prints a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--from", dest="first", type=int, default=10_000, help="the first count (default 10000)")
    parser.add_argument("--to", dest="last", type=int, default=20_000, help="the second count (default 20000)")
    parser.add_argument("--only", default="", help="only ways whose name contains this")
    arguments = parser.parse_args()
    if not arguments.json:
        print(f"{'RSS':36}{'start MB':>10}{'from MB':>10}{'to MB':>10}{'KB each':>10}")
    seen: dict[str, Growth] = {}
    with upstream_server("upstream.py") as upstream:
        for way in WAYS:
            if arguments.only in way.name:
                seen[way.name] = found = grow(way, upstream, arguments.first, arguments.last)
                if not arguments.json:
                    sizes = f"{found.start_mb:10.1f}{found.from_mb:10.1f}{found.to_mb:10.1f}"
                    print(f"{way.name:36}{sizes}{found.kb_each:10.3f}", flush=True)
    if arguments.json:
        of_all = {name: {field: getattr(found, field) for field in Growth.__slots__} for name, found in seen.items()}
        print(json.dumps(of_all, indent=1))


def grow(way: Way, upstream: int, first: int, last: int) -> Growth:
    """Asks a proxy until it has had so many requests."""

    def ask(start: Start) -> None:
        uvloop.run(drive(way, start, 1, lambda: None, clients=1))

    with tempfile.TemporaryDirectory() as directory:
        start = ours(way.name, Path(directory), upstream, console=way.console)
        with started(start, ask) as proxy:
            start_kb = proxy.rss_kb()
            looks = uvloop.run(look(way, proxy, first, last))
    behind = [one for one in looks if one[0] >= first]
    slope, _ = statistics.linear_regression([count for count, _ in behind], [kb for _, kb in behind])
    return Growth(start_kb / 1024, behind[0][1] / 1024, behind[-1][1] / 1024, slope)


async def look(way: Way, proxy: Proxy, first: int, last: int) -> list[tuple[int, int]]:
    """(requests so far, KB of RSS), read as the requests are answered."""
    looks: list[tuple[int, int]] = []
    answered = 0
    step = max(1, (last - first) // LOOKS)

    def count() -> None:
        nonlocal answered
        answered += 1
        if answered % step == 0:
            looks.append((answered, proxy.rss_kb()))

    await drive(way, proxy.start, last, count)
    return looks


async def drive(way: Way, start: Start, requests: int, answered: Callable[[], None], *, clients: int = 0) -> None:
    """So many requests by all clients together. `answered` is called after each."""
    clients = clients or way.clients
    request = request_of(way, start)
    await asyncio.gather(*(one_client(way, start, request, requests // clients, answered) for _ in range(clients)))


async def one_client(way: Way, start: Start, request: bytes, requests: int, answered: Callable[[], None]) -> None:
    """One after the other."""
    reader, writer = await opened(way, start)
    for number in range(requests):
        if way.each and number and number % way.each == 0:
            writer.close()
            reader, writer = await opened(way, start)
        writer.write(request)
        status, body = await read_reply(reader)
        if status != 200 or (b"message_stop" if way.stream else b"All is") not in body:
            raise SystemExit(f"wrong reply: {status} {body[:300]!r}")
        answered()
    writer.close()


async def opened(way: Way, start: Start) -> Connection:
    """A connection by which the client asks."""
    if not way.through:
        return await connect(start.port)
    assert start.ca is not None
    return await connect_through(start.intercept_port, VENDOR, start.ca)


def request_of(way: Way, start: Start) -> bytes:
    """An Anthropic request, which is translated."""
    messages = [{"role": "user", "content": "Is all well? " * 10}]
    body = {"model": MODEL, "max_tokens": 1000, "messages": messages, "stream": way.stream}
    host = VENDOR if way.through else f"127.0.0.1:{start.port}"
    return post("/v1/messages", json.dumps(body, separators=(",", ":")).encode(), host=host)


if __name__ == "__main__":
    main()
