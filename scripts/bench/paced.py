"""The upstream of the streams' benchmark: EVENTS text deltas an interval apart, each with the time of its writing.

As a model does, it thinks before it begins: for THINKING_S, and up to SPREAD_S more, each request in its own way.
A request that holds "together" gets its events at the same moments as all others of that kind; any other has a beat of
its own. Checks nothing. Prints its port.
"""

import asyncio
import json
import time
from typing import Final, cast

EVENTS: Final = 50
INTERVAL_S: Final = 0.02
THINKING_S: Final = 0.3
SPREAD_S: Final = 0.3
GOLDEN: Final = 0.6180339887
"""Multiples of it fall evenly into an interval, however many there are."""

MARK: Final = b"@0000000000000000000@"
HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def frame(**choice: object) -> bytes:
    """One chunk of a chat completion, in the size that vendors send, as an HTTP chunk."""
    said = {
        "id": "chatcmpl-bench0000000000000000000000",
        "object": "chat.completion.chunk",
        "created": 1763600000,
        "model": "bench-model",
        "service_tier": "default",
        "system_fingerprint": "fp_0000000000",
        "choices": [{"index": 0, "finish_reason": None, **choice}],
    }
    event = b"data: %b\n\n" % json.dumps(said).encode()
    return b"%x\r\n%b\r\n" % (len(event), event)


FIRST: Final = frame(delta={"role": "assistant", "content": ""})
BEFORE, AFTER = frame(delta={"content": f" word {MARK.decode()}"}).split(MARK)
LAST: Final = frame(delta={}, finish_reason="stop") + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


class Upstream(asyncio.Protocol):
    """One connection; a stream for each request."""

    streams = 0

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = bytes(self.received).partition(b"\r\n\r\n")
        if not end or not body.endswith(b"}"):
            return
        assert b"content-length: %d" % len(body) in head.lower()
        self.received.clear()
        Upstream.streams += 1
        start = self.loop.time() + THINKING_S
        if b"together" in body:
            start -= start % INTERVAL_S
        else:
            start += Upstream.streams * GOLDEN % 1 * SPREAD_S
        self.loop.call_at(start, self.begin, start)

    def begin(self, start: float) -> None:
        """The head, an interval before the first piece of text."""
        self.transport.write(HEAD + FIRST)
        self.loop.call_at(start + INTERVAL_S, self.tick, start + INTERVAL_S, 0)

    def tick(self, start: float, number: int) -> None:
        """One event, at its time."""
        if self.transport.is_closing():
            return
        if number == EVENTS:
            self.transport.write(LAST)
            return
        self.transport.write(b"%b@%019d@%b" % (BEFORE, time.monotonic_ns(), AFTER))
        self.loop.call_at(start + (number + 1) * INTERVAL_S, self.tick, start, number + 1)


async def serve() -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import gc

    import uvloop

    gc.freeze()
    uvloop.run(serve())
