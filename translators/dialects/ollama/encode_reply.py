"""Neutral events -> Ollama's replies: a JSON object a line, or one for all."""

from typing import Any, Final

import msgspec
from msgspec import Raw

from translators import dialect
from translators.conversation import Reply, Thinking, ToolCall
from translators.dialect import Context, call_id
from translators.dialects.ollama.decode import PROMPTED
from translators.dialects.ollama.errors import error_frame
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
    error_of,
)
from translators.jsonio import ENCODER, UNREADABLE, quoted
from translators.modalities import unshown, words_of
from translators.names import client_name
from translators.timestamp import timestamp

LENGTH: Final = "length"
STOP: Final = "stop"

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_KEYS: Final = {PartKind.TEXT: b"content", PartKind.REFUSAL: b"content", PartKind.THINKING: b"thinking"}


class StreamEncoder(dialect.StreamEncoder):
    """Neutral events in, lines out: one for each piece of text or thought, one for each call, one for the end."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._prompted = PROMPTED in context.echo
        self._head = b""
        self._before: dict[int, bytes] = {}  # of the open parts that are words
        self._calls: dict[int, tuple[PartStart, list[str]]] = {}
        self._count = 0
        self._prompt: Usage | None = None

    def feed(self, event: Event) -> bytes:
        """The lines of an event."""
        match event:
            case PartDelta(part=part, text=text):
                return self._delta(part, text)
            case PartStart(kind=PartKind.MEDIA, media_type=media_type):
                return self._said(unshown(media_type))
            case PartStart():
                self._part_start(event)
                return b""
            case PartNote():
                return b""
            case PartEnd(part=part):
                self._before.pop(part, None)
                call = self._calls.pop(part, None)
                return b"" if call is None else self._call(*call)
            case ReplyStart():
                self._start(event)
                return b""
            case ReplyEnd():
                return self._end(event)
            case ReplyError():
                return error_frame(error_of(event))

    def _start(self, start: ReplyStart) -> None:
        self._prompt = start.usage
        model, created = self._context.model or start.model, timestamp(self._context.created_s)
        self._head = b'{"model":%b,"created_at":%b,' % (quoted(model), quoted(created))

    def _part_start(self, start: PartStart) -> None:
        if start.kind is PartKind.TOOL_CALL:
            self._calls[start.part] = (start, [])
            return
        key = _KEYS.get(start.kind)
        if key is None or start.redacted:
            return
        if self._prompted:
            self._before[start.part] = b'"%b":' % (b"response" if key == b"content" else key)
            if key == b"thinking":
                self._before[start.part] = b'"response":"","thinking":'
        else:
            words = b'"content":' if key == b"content" else b'"content":"","thinking":'
            self._before[start.part] = b'"message":{"role":"assistant",' + words

    def _delta(self, part: int, text: str) -> bytes:
        if part in self._calls:
            self._calls[part][1].append(text)
            return b""
        before = self._before.get(part)
        if before is None or not text:
            return b""
        end = b',"done":false}\n' if self._prompted else b'},"done":false}\n'
        return self._head + before + quoted(text) + end

    def _said(self, text: str) -> bytes:
        if self._prompted:
            return self._head + b'"response":%b,"done":false}\n' % quoted(text)
        return self._head + b'"message":{"role":"assistant","content":%b},"done":false}\n' % quoted(text)

    def _call(self, start: PartStart, pieces: list[str]) -> bytes:
        if self._prompted:  # A prompt declares no tools.
            return b""
        self._count += 1
        call = _tool_call(start.id, start.name, "".join(pieces), self._count, self._context)
        said = {"role": "assistant", "content": "", "tool_calls": [call]}
        return self._head + b'"message":%b,"done":false}\n' % ENCODER.encode(said)

    def _end(self, end: ReplyEnd) -> bytes:
        said = b'"response":"",' if self._prompted else b'"message":{"role":"assistant","content":""},'
        counts = ENCODER.encode(_ending(end.stop, end.usage or self._prompt))
        return self._head + said + counts[1:] + b"\n"


def encode_reply(reply: Reply, context: Context) -> bytes:
    """The body of a whole reply."""
    words = "".join(map(words_of, reply.parts))
    thought = "".join(part.text for part in reply.parts if isinstance(part, Thinking) and not part.redacted)
    calls = [part for part in reply.parts if isinstance(part, ToolCall)]
    body: dict[str, Any] = {"model": context.model or reply.model, "created_at": timestamp(context.created_s)}
    thinking = {"thinking": thought} if thought else {}
    if PROMPTED in context.echo:
        body |= {"response": words, **thinking}
    else:
        message: dict[str, Any] = {"role": "assistant", "content": words, **thinking}
        if calls:
            message["tool_calls"] = [
                _tool_call(call.id, call.name, call.arguments, number, context)
                for number, call in enumerate(calls, start=1)
            ]
        body["message"] = message
    return ENCODER.encode(body | _ending(reply.stop, reply.usage))


def _tool_call(upstream_id: str, name: str, arguments: str, number: int, context: Context) -> dict[str, Any]:
    function = {"index": number - 1, "name": client_name(context.names, name), "arguments": _object(arguments)}
    return {"id": call_id(upstream_id, context, number), "function": function}


def _object(arguments: str) -> Raw:
    """Arguments are an object; those that a limit has cut off are none."""
    try:
        _OBJECT.decode(arguments)
    except UNREADABLE:
        return Raw(b"{}")
    return Raw(msgspec.json.format(arguments, indent=-1).encode())


def _ending(stop: StopReason, usage: Usage | None) -> dict[str, Any]:
    """How it ended. Durations are those of a machine that nobody here has seen."""
    counts = usage or Usage()
    return {
        "done": True,
        "done_reason": LENGTH if stop is StopReason.LENGTH else STOP,
        "prompt_eval_count": counts.input_tokens,
        "eval_count": counts.output_tokens,
    }
