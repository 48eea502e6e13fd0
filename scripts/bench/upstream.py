"""The upstream of the engine's benchmark: answers chat completions with canned bytes, as fast as asyncio can.

Not a simulated vendor: it checks nothing, so that the machine's time goes to the proxy. Prints its port.
"""

import asyncio
import json
import re
import sys
from typing import Final, cast

EVENTS: Final = 300
LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def chunk(**delta: object) -> dict[str, object]:
    """One chunk of a chat completion, in the size that vendors send."""
    return {
        "id": "chatcmpl-bench0000000000000000000000",
        "object": "chat.completion.chunk",
        "created": 1763600000,
        "model": "bench-model",
        "service_tier": "default",
        "system_fingerprint": "fp_0000000000",
        **delta,
    }


def whole() -> bytes:
    """A reply of about 2 KB."""
    message: dict[str, object] = {
        "role": "assistant",
        "content": "All is well. " * 120,
        "refusal": None,
        "annotations": [],
    }
    usage = {"prompt_tokens": 25, "completion_tokens": 400, "total_tokens": 425}
    body = json.dumps(
        {**chunk(choices=[{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}], usage=usage)}
    ).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def burst() -> bytes:
    """EVENTS text deltas, each in an HTTP chunk of its own, sent at once."""
    frames = [chunk(choices=[{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])]
    frames += [
        chunk(choices=[{"index": 0, "delta": {"content": f" word{number}"}, "logprobs": None, "finish_reason": None}])
        for number in range(EVENTS)
    ]
    frames.append(chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]))
    frames.append(
        chunk(choices=[], usage={"prompt_tokens": 25, "completion_tokens": EVENTS, "total_tokens": EVENTS + 25})
    )
    events = [b"data: " + json.dumps(frame).encode() + b"\n\n" for frame in frames] + [b"data: [DONE]\n\n"]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(event), event) for event in events)
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n%b0\r\n\r\n" % chunks
    )


class Upstream(asyncio.Protocol):
    """Reads requests by their content-length, answers with the burst where a stream is wanted."""

    WHOLE: Final = whole()
    BURST: Final = burst()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.received = bytearray()
        self.wanted = 0

    def data_received(self, data: bytes) -> None:
        self.received += data
        while True:
            if not self.wanted:
                end = self.received.find(b"\r\n\r\n")
                if end < 0:
                    return
                length = LENGTH.search(self.received, 0, end)
                self.wanted = end + 4 + (int(length[1]) if length else 0)
            if len(self.received) < self.wanted:
                return
            tail = bytes(self.received[max(0, self.wanted - 400) : self.wanted])
            streamed = b'"stream":true' in tail or b'"stream":true' in bytes(self.received[:600])
            del self.received[: self.wanted]
            self.wanted = 0
            self.transport.write(self.BURST if streamed else self.WHOLE)


async def serve() -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if sys.platform != "win32":
        import uvloop

        uvloop.run(serve())
    else:
        asyncio.run(serve())
