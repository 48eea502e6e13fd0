"""How late the events of many paced streams arrive: 64 streams at once, 50 events each, 20 ms apart.

An event's delay is the time at which the client reads it less the time at which the upstream wrote it, by the machine's
one monotonic clock; both are processes of their own. It is held back if the upstream has written its next one before.
The upstream thinks for 0.3 to 0.6 s before it begins, as models do, so that all have asked by then. Each stream has a
beat of its own, as streams have; `together` is the worst case: all upstreams write at one moment.
The ways are measured in turns. Figures are medians of the rounds; `worst` is the slowest event of all, `held` counts.

    .venv/bin/python scripts/bench/streams.py [--json] [--console] [--rounds 5] [--streams 64]
"""

import argparse
import asyncio
import gc
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final, cast

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


from scripts.bench.http1 import post, trusting
from scripts.bench.paced import EVENTS, INTERVAL_S
from scripts.bench.processes import MODEL, Start, ours, started, stock, upstream_server

MARK: Final = re.compile(rb"@(\d{19})@")
END: Final = b"\r\n0\r\n\r\n"
VENDORS: Final = {"openai": "api.openai.com", "anthropic": "api.anthropic.com"}
TIMEOUT_S: Final = 30.0
BEATS: Final = ("own beat", "together")


@dataclass(frozen=True, slots=True)
class Way:
    """From the client to the upstream. `vendor`: whose host is asked for through the HTTPS proxy, where it is."""

    name: str
    port: int
    dialect: str
    vendor: str = ""
    ca: Path | None = None


@dataclass(slots=True)
class Round:
    """The delays of one round, in ms, and how many events were held back."""

    delays_ms: list[float] = field(default_factory=list)
    held: int = 0

    def percentile(self, share: float) -> float:
        """The delay that so many of the events stay below."""
        ordered = sorted(self.delays_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Client(asyncio.Protocol):
    """One client: reads the times that stand in its events."""

    def __init__(self) -> None:
        self.opened = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[list[tuple[int, int]]] | None = None
        self.heard: list[tuple[int, int]] = []
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> asyncio.Future[list[tuple[int, int]]]:
        """(written, read) of each event of a stream, in nanoseconds."""
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.done

    def data_received(self, data: bytes) -> None:
        read_ns = time.monotonic_ns()
        if self.done is None:
            self.opened.set_result(data)
            return
        self.rest += data
        end = 0
        for found in MARK.finditer(self.rest):
            self.heard.append((int(found[1]), read_ns))
            end = found.end()
        self.rest = self.rest[end:]
        if self.rest.endswith(END):
            heard, self.heard, self.rest = self.heard, [], b""
            if len(heard) != EVENTS:
                self.done.set_exception(SystemExit(f"{len(heard)} events"))
            else:
                self.done.set_result(heard)

    def connection_lost(self, error: Exception | None) -> None:
        if self.done is not None and not self.done.done():
            self.done.set_exception(ConnectionError(f"closed after {self.rest[:300]!r}: {error}"))
        elif not self.opened.done():
            self.opened.set_exception(ConnectionError(str(error)))


def main() -> None:
    """Runs all of it and prints a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each way (default 5)")
    parser.add_argument("--streams", type=int, default=64, help="streams at once (default 64)")
    parser.add_argument("--only", default="", help="only ways whose name contains this")
    parser.add_argument("--console", action="store_true", help="ours with mitmweb, as scripts/run without --headless")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        bare_directory, directory = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
        upstream = stack.enter_context(upstream_server("paced.py"))
        bare = stock("mitmdump", bare_directory, upstream, streaming=True)
        own = ours("ours", directory, upstream, console=arguments.console)
        ways = [way for way in all_ways(upstream, bare, own) if arguments.only in way.name]
        for start in (bare, own):
            stack.enter_context(started(start, first_answer))
        report(uvloop.run(measure(ways, arguments.streams, arguments.rounds)), as_json=arguments.json)


def all_ways(upstream: int, bare: Start, own: Start) -> Iterator[Way]:
    """Those that are compared."""
    yield Way("nothing between", upstream, "openai")
    yield Way("mitmdump", bare.port, "openai")
    yield Way("gateway, same dialect", own.port, "openai")
    yield Way("gateway, translated", own.port, "anthropic")
    for dialect, name in (("openai", "same dialect"), ("anthropic", "translated")):
        yield Way(f"HTTPS proxy, {name}", own.intercept_port, dialect, VENDORS[dialect], own.ca)


def first_answer(start: Start) -> None:
    """One stream through every door."""
    ways = [Way("first", start.port, "openai")]
    if start.intercept_port:
        ways.append(Way("first", start.intercept_port, "openai", VENDORS["openai"], start.ca))
    uvloop.run(measure(ways, 1, 0))


async def measure(ways: list[Way], streams: int, rounds: int) -> dict[str, dict[str, list[Round]]]:
    """Beat -> way -> its rounds. Each client keeps its connection, as clients do. The first round warms up."""
    measured: dict[str, dict[str, list[Round]]] = {beat: {way.name: [] for way in ways} for beat in BEATS}
    clients = {way.name: [await open_client(way) for _ in range(streams)] for way in ways}
    for number in range(rounds + 1):
        for beat in BEATS:
            for way in ways:
                found = await one_round(clients[way.name], request_of(way, beat))
                if number:
                    measured[beat][way.name].append(found)
    for of_way in clients.values():
        for client in of_way:
            client.transport.close()
    return measured


async def one_round(clients: list[Client], request: bytes) -> Round:
    """A stream of each client, all at once."""
    gc.collect()
    gc.disable()  # The client's own pauses are nobody's delay.
    try:
        async with asyncio.timeout(TIMEOUT_S):
            heard = await asyncio.gather(*(client.ask(request) for client in clients))
    finally:
        gc.enable()
    found = Round()
    for events in heard:
        found.delays_ms += [(read - written) / 1e6 for written, read in events]
        found.held += sum(read > following for (_, read), (following, _) in pairwise(events))
    return found


async def open_client(way: Way) -> Client:
    """A client that is connected, where it goes through the HTTPS proxy with TLS to the vendor's name."""
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_connection(Client, "127.0.0.1", way.port)
    if not way.vendor:
        client.opened.set_result(b"")
        return client
    assert way.ca is not None
    transport.write(f"CONNECT {way.vendor}:443 HTTP/1.1\r\nhost: {way.vendor}:443\r\n\r\n".encode())
    said = await client.opened
    if b" 200 " not in said:
        raise SystemExit(f"no tunnel to {way.vendor}: {said!r}")
    shaken = await loop.start_tls(transport, client, trusting(way.ca), server_hostname=way.vendor)
    assert shaken is not None
    client.transport = shaken
    return client


def request_of(way: Way, beat: str) -> bytes:
    """A short question for a stream."""
    is_anthropic = way.dialect == "anthropic"
    limit = {"max_tokens": 1000} if is_anthropic else {"max_completion_tokens": 1000}
    words = f"Is all well? ({beat})"
    body = {"model": MODEL, **limit, "messages": [{"role": "user", "content": words}], "stream": True}
    path = "/v1/messages" if is_anthropic else "/v1/chat/completions"
    return post(path, json.dumps(body, separators=(",", ":")).encode(), host=way.vendor or f"127.0.0.1:{way.port}")


def report(measured: dict[str, dict[str, list[Round]]], *, as_json: bool) -> None:
    """A table for people, JSON for programs."""
    figures = {
        f"{way}{'' if beat == BEATS[0] else f', {beat}'}": figures_of(rounds)
        for beat, of_beat in measured.items()
        for way, rounds in of_beat.items()
    }
    if as_json:
        print(json.dumps({"delay_ms": figures, "interval_ms": INTERVAL_S * 1000}, indent=1))
        return
    names = ("p50", "p99", "max", "worst", "held")
    print(f"{'delay of an event, ms':40}" + "".join(f"{name:>9}" for name in names))
    for way, of_way in figures.items():
        print(f"{way:40}" + "".join(f"{of_way[name]:9.2f}" for name in names[:-1]) + f"{of_way['held']:9.0f}")


def figures_of(rounds: list[Round]) -> dict[str, float]:
    """The medians of the rounds, the worst of all, and how many were held back in all."""
    return {
        "p50": statistics.median(one.percentile(0.5) for one in rounds),
        "p99": statistics.median(one.percentile(0.99) for one in rounds),
        "max": statistics.median(max(one.delays_ms) for one in rounds),
        "worst": max(max(one.delays_ms) for one in rounds),
        "held": sum(one.held for one in rounds),
    }


if __name__ == "__main__":
    main()
