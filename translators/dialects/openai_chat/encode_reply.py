"""Neutral events -> chat replies, streamed and whole."""

from typing import Final

from translators.conversation import Refusal, Reply, Text, Thinking, ToolCall
from translators.dialect import Context, call_id
from translators.dialects.openai_chat.usage import encode_usage
from translators.errors import UpstreamError
from translators.events import (
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartNote,
    PartStart,
    ReplyEnd,
    ReplyError,
    ReplyStart,
    StopReason,
    Usage,
)
from translators.jsonio import ENCODER, quoted
from translators.names import client_name, reply_id
from translators.openai_errors import error_frame

FINISH: Final = {
    StopReason.END_TURN: "stop",
    StopReason.STOP_SEQUENCE: "stop",
    StopReason.PAUSE: "stop",
    StopReason.LENGTH: "length",
    StopReason.TOOL_USE: "tool_calls",
    StopReason.REFUSAL: "content_filter",
}
ID_PREFIX: Final = "chatcmpl-"
DONE: Final = b"data: [DONE]\n\n"

_KEY_OF_KIND: Final = {
    PartKind.TEXT: b'{"content":',
    PartKind.THINKING: b'{"reasoning_content":',
    PartKind.REFUSAL: b'{"refusal":',
}
_OPEN_TAIL: Final = b'},"finish_reason":null}]}\n\n'
_CALL_TAIL: Final = b"}}]" + _OPEN_TAIL


class StreamEncoder:
    """Neutral events in, chat chunks out.

    What all chunks of a reply share is made once, as is the beginning of each part's deltas; parts may interleave.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._head = b""
        self._deltas: dict[int, tuple[bytes, bytes]] = {}  # part -> what stands before and behind its text
        self._wordless: set[int] = set()  # calls whose arguments have not begun
        self._calls = 0
        self._refused = False
        self._prompt: Usage | None = None

    def feed(self, event: Event) -> bytes:
        """The chunks of an event."""
        match event:
            case PartDelta(part=part, text=text):
                if not text or part not in self._deltas:
                    return b""
                self._wordless.discard(part)
                head, tail = self._deltas[part]
                return head + quoted(text) + tail
            case PartStart():
                return self._part_start(event)
            case PartNote():
                return b""
            case PartEnd(part=part):
                return self._part_end(part)
            case ReplyStart():
                return self._start(event)
            case ReplyEnd():
                return self._end(event)
            case ReplyError():
                return error_frame(UpstreamError(event.kind, event.message, status=event.status, code=event.code))

    def _start(self, start: ReplyStart) -> bytes:
        context = self._context
        self._prompt = start.usage
        self._head = b'data: {"id":%b,"object":"chat.completion.chunk","created":%d,"model":%b,"choices":' % (
            quoted(reply_id(start.id, ID_PREFIX, context.reply_id)),
            context.created_s,
            quoted(context.model or start.model),
        )
        return self._chunk(b'{"role":"assistant","content":""') + _OPEN_TAIL

    def _part_start(self, start: PartStart) -> bytes:
        if start.kind is PartKind.TOOL_CALL:
            return self._call_start(start)
        key = _KEY_OF_KIND.get(start.kind)
        if start.redacted or key is None:
            return b""
        self._refused |= start.kind is PartKind.REFUSAL
        self._deltas[start.part] = (self._chunk(key), _OPEN_TAIL)
        return b""

    def _call_start(self, start: PartStart) -> bytes:
        """Id, type and name on the first chunk of a call, then its arguments in pieces."""
        index = self._calls
        self._calls += 1
        head = self._chunk(b'{"tool_calls":[{"index":%d,' % index)
        self._deltas[start.part] = (head + b'"function":{"arguments":', _CALL_TAIL)
        self._wordless.add(start.part)
        name = quoted(client_name(self._context.names, start.name))
        known_by = quoted(call_id(start.id, self._context, self._calls))
        call = b'"id":%b,"type":"function","function":{"name":%b,"arguments":""' % (known_by, name)
        return head + call + _CALL_TAIL

    def _part_end(self, part: int) -> bytes:
        """A call without arguments still needs an object: clients parse what they got."""
        delta = self._deltas.pop(part, None)
        if delta is None or part not in self._wordless:
            return b""
        head, tail = delta
        return head + b'"{}"' + tail

    def _end(self, end: ReplyEnd) -> bytes:
        finish = _finish(end.stop, self._calls, self._refused)
        chunks = self._chunk(b'{},"finish_reason":"%b"}]}\n\n' % finish.encode())
        usage = end.usage or self._prompt
        if self._context.include_usage and usage is not None:
            chunks += self._head + b'[],"usage":' + ENCODER.encode(encode_usage(usage)) + b"}\n\n"
        return chunks + DONE

    def _chunk(self, delta: bytes) -> bytes:
        return self._head + b'[{"index":0,"delta":' + delta


def encode_reply(reply: Reply, context: Context) -> bytes:
    """The body of a whole reply."""
    calls: list[dict[str, object]] = []
    texts: list[str] = []
    thoughts: list[str] = []
    refusals: list[str] = []
    for part in reply.parts:
        match part:
            case Text(text=text):
                texts.append(text)
            case ToolCall(id=upstream_id, name=name, arguments=arguments):
                function = {"name": client_name(context.names, name), "arguments": arguments or "{}"}
                known_by = call_id(upstream_id, context, len(calls) + 1)
                calls.append({"id": known_by, "type": "function", "function": function})
            case Thinking(text=text, redacted=redacted):
                thoughts += [] if redacted else [text]
            case Refusal(text=text):
                refusals.append(text)
            case _:  # A reply holds no others.
                continue
    message: dict[str, object] = {
        "role": "assistant",
        "content": "".join(texts) if texts or not (calls or refusals) else None,
        "refusal": "".join(refusals) or None,
    }
    if any(thoughts):
        message["reasoning_content"] = "".join(thoughts)
    if calls:
        message["tool_calls"] = calls
    finish = _finish(reply.stop, len(calls), bool(refusals))
    body: dict[str, object] = {
        "id": reply_id(reply.id, ID_PREFIX, context.reply_id),
        "object": "chat.completion",
        "created": context.created_s,
        "model": context.model or reply.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
    }
    if reply.usage is not None:
        body["usage"] = encode_usage(reply.usage)
    return ENCODER.encode(body)


def _finish(stop: StopReason, calls: int, refused: bool) -> str:
    """A tool stop without calls was structured output; a refusal in words ends as any other words do."""
    if (stop is StopReason.TOOL_USE and not calls) or (stop is StopReason.REFUSAL and refused):
        return "stop"
    return FINISH[stop]
