"""What translation costs, for each ordered pair of dialects, beside the least that it could cost.

A request of an agentic session (300 messages, 60 tools, about 1 MB) against its floor: reading it into the dialect's
own Struct, opaque leaves unread, and writing it again. A burst of 300 stream events, per event, against an untyped
decode and encode of each frame. Twice the request for twice the time. Way and floor take turns; figures are CPU, the
best of the rounds.

Gemini's own Struct leaves the results of tools unread, since they may be any object. What another vendor is sent of
them is text, which the other dialects' floors unescape, check and escape: so its floor here reads them, too.
Microseconds per KB of the client's body stand beside each ratio, and those of the floor.

    .venv/bin/python scripts/bench/translate.py [--json] [--rounds 30]
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any, Final

import msgspec

ROOT: Final = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from translators import Keep, ReplyStream, translate_reply, translate_request  # noqa: E402
from translators.conversation import Conversation, Message, Part, Reply, Role, Text, Tool, ToolCall, ToolResult  # noqa: E402
from translators.dialect import Context, Peek, Target  # noqa: E402
from translators.dialects.gemini import request_wire as gemini  # noqa: E402
from translators.events import (  # noqa: E402
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartStart,
    ReplyEnd,
    ReplyStart,
    StopReason,
    Usage,
)
from translators.registry import all_dialects, dialect  # noqa: E402

MESSAGES: Final = 300
TOOLS: Final = 60
EVENTS: Final = 300
WORDS: Final = 'def handler(request):\n\treturn "it\'s" + request.path  # naïve 日本\n'


class GeminiResult(gemini.FunctionResponse):
    """One whose texts are read."""

    response: dict[str, str] | None = None  # type: ignore[assignment]


class GeminiPart(gemini.RequestPart):
    function_response: GeminiResult | None = None


class GeminiContent(gemini.RequestContent):
    parts: list[GeminiPart] | None = None  # type: ignore[assignment]


class GeminiRequest(gemini.Request):
    contents: list[GeminiContent] | None = None  # type: ignore[assignment]


FLOORS: Final = {"gemini": GeminiRequest}
"""What a floor reads, where that is not the dialect's own Struct."""


def schema(number: int) -> msgspec.Raw:
    """A tool's schema, as large as those of real clients: about 1.5 KB."""
    properties = {
        f"argument_{index}": {
            "type": ["string", "null"] if index % 3 else "integer",
            "description": f"What argument {index} of tool {number} is for, in a sentence or two. " * 2,
            "enum": ["one", "two", "three"],
        }
        for index in range(6)
    }
    value = {"type": "object", "properties": properties, "required": ["argument_0"], "additionalProperties": False}
    return msgspec.Raw(json.dumps(value).encode())


def conversation(times: int = 1) -> Conversation:
    """A long session: the user asks, the model calls, the tool answers with a piece of code."""
    messages = [Message(Role.USER, (Text("Please fix the handler. " * 20),))]
    while len(messages) + 2 <= MESSAGES * times:
        call_id = f"call_{len(messages):06}"
        arguments = json.dumps({"path": f"/src/file_{len(messages)}.py", "content": WORDS * 25}, ensure_ascii=False)
        parts: tuple[Part, ...] = (Text("I shall look at the next file. " * 10), ToolCall(call_id, "tool_7", arguments))
        messages.append(Message(Role.ASSISTANT, parts))
        messages.append(Message(Role.USER, (ToolResult(call_id, (Text(WORDS * 45),)),)))
    tools = tuple(Tool(f"tool_{number}", f"Tool number {number}. " * 20, schema(number)) for number in range(TOOLS))
    return Conversation(
        model="some-model",
        messages=tuple(messages),
        system=(Text("You are an engineer. " * 500),),
        tools=tools,
        max_tokens=8192,
        stream=True,
    )


def burst() -> list[Event]:
    """A reply of EVENTS pieces of text."""
    pieces: list[Event] = [PartDelta(0, f"piece {number} ") for number in range(EVENTS)]
    usage = Usage(1000, 500, 0, 300, 0)
    return [
        ReplyStart("reply-1", "some-model", usage),
        PartStart(0, PartKind.TEXT),
        *pieces,
        PartEnd(0),
        ReplyEnd(StopReason.END_TURN, usage),
    ]


def best_of(rounds: int, *ways: Callable[[], object]) -> list[float]:
    """The least CPU seconds of each, taken in turns."""
    best = [float("inf")] * len(ways)
    for _ in range(rounds):
        for index, way in enumerate(ways):
            start = time.process_time_ns()
            way()
            best[index] = min(best[index], (time.process_time_ns() - start) / 1e9)
    return best


def request_figures(source: str, other: str, rounds: int) -> dict[str, float]:
    """Milliseconds for one request, its floor, their ratio, microseconds per KB, and how much longer twice the request
    takes."""
    wire = FLOORS.get(source) or dialect(source).request_wire
    if wire is None:
        raise SystemExit(f"{source} does not say what its requests are read into")
    decoder, encoder = msgspec.json.Decoder(wire), msgspec.json.Encoder()
    body = dialect(source).encode_request(conversation(), Target("some-model", stream=True)).body
    twice = dialect(source).encode_request(conversation(2), Target("some-model", stream=True)).body
    target = Target("some-model", stream=True)
    asked = Peek("some-model", stream=True) if dialect(source).model_in_path else None
    ours, floor, double = best_of(
        rounds,
        lambda: translate_request(body, source, other, target=target, asked=asked),
        lambda: encoder.encode(decoder.decode(body)),
        lambda: translate_request(twice, source, other, target=target, asked=asked),
    )
    return {
        "body_mb": len(body) / 1e6,
        "ms": ours * 1e3,
        "floor_ms": floor * 1e3,
        "ratio": ours / floor,
        "us_per_kb": ours * 1e9 / len(body),
        "floor_us_per_kb": floor * 1e9 / len(body),
        "twice_mb": len(twice) / 1e6,
        "twice_ms": double * 1e3,
        "per_mb_growth": (double / len(twice)) / (ours / len(body)),
    }


def stream_figures(source: str, other: str, rounds: int) -> dict[str, float]:
    """Microseconds per event: in one burst, one by one, and of an untyped decode and encode of each frame."""
    encode = dialect(source).stream_encoder(Context(model="some-model"))
    frames = [frame for event in burst() if (frame := encode.feed(event))]
    body = b"".join(frames)
    data = [line[6:] for line in body.split(b"\n") if line.startswith(b"data: {")]
    decoder, encoder = msgspec.json.Decoder(), msgspec.json.Encoder()

    def at_once() -> None:
        stream = ReplyStream(source, other, context=Context(model="m"), keep=Keep.NOTHING)
        stream.feed(body)
        stream.close()

    def one_by_one() -> None:
        stream = ReplyStream(source, other, context=Context(model="m"), keep=Keep.NOTHING)
        for frame in frames:
            stream.feed(frame)
        stream.close()

    ours, paced, floor = best_of(
        rounds, at_once, one_by_one, lambda: [encoder.encode(decoder.decode(one)) for one in data]
    )
    return {
        "us": ours / EVENTS * 1e6,
        "paced_us": paced / EVENTS * 1e6,
        "untyped_us": floor / EVENTS * 1e6,
        "ratio": ours / floor,
    }


def reply_figures(source: str, other: str, rounds: int) -> dict[str, float]:
    """Microseconds for one small whole reply."""
    reply = Reply("id", "some-model", (Text("hello " * 50),), StopReason.END_TURN, Usage(10, 0, 0, 50, 0))
    body = dialect(source).encode_reply(reply, Context())
    [ours] = best_of(rounds * 10, lambda: translate_reply(body, source, other, context=Context(model="m")))
    return {"us": ours * 1e6}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rounds", type=int, default=30, help="how often each is measured (default: 30)")
    given = parser.parse_args()
    names = [name for name, one in all_dialects().items() if not one.client_only]
    pairs = [*permutations(names, 2), *((name, name) for name in names)]
    figures: dict[str, dict[str, Any]] = {}
    for source, other in pairs:  # A process that has just begun has to ask the system for each megabyte.
        request_figures(source, other, rounds=2)
    for source, other in pairs:
        figures[f"{source} -> {other}"] = {
            "request": request_figures(source, other, given.rounds),
            "stream": stream_figures(source, other, given.rounds),
            "reply": reply_figures(source, other, given.rounds),
        }
    if given.json:
        print(json.dumps(figures, indent=1))
        return
    for pair, found in figures.items():
        request, stream, reply = found["request"], found["stream"], found["reply"]
        print(
            f"{pair}\n"
            f"  request  {request['body_mb']:.2f} MB {request['ms']:7.2f} ms   floor {request['floor_ms']:.2f} ms   "
            f"x {request['ratio']:.2f}   "
            f"{request['us_per_kb']:.2f} us per KB (floor {request['floor_us_per_kb']:.2f})   "
            f"{request['twice_mb']:.2f} MB {request['twice_ms']:.2f} ms, per MB x {request['per_mb_growth']:.2f}\n"
            f"  event    {stream['us']:.2f} us in a burst, {stream['paced_us']:.2f} us one by one   "
            f"untyped {stream['untyped_us']:.2f} us   x {stream['ratio']:.2f}\n"
            f"  reply    {reply['us']:.0f} us"
        )


if __name__ == "__main__":
    main()
