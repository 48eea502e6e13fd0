"""Neutral events -> completions, streamed and whole. Of a reply only its words can be said."""

from typing import Final

from translators.conversation import Reply
from translators.dialect import Context
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
from translators.jsonio import ENCODER, quoted
from translators.modalities import unshown, words_of
from translators.names import reply_id
from translators.openai_errors import error_frame

FINISH: Final = {
    StopReason.END_TURN: "stop",
    StopReason.STOP_SEQUENCE: "stop",
    StopReason.PAUSE: "stop",
    StopReason.TOOL_USE: "stop",
    StopReason.LENGTH: "length",
    StopReason.REFUSAL: "content_filter",
}
ID_PREFIX: Final = "cmpl-"
DONE: Final = b"data: [DONE]\n\n"

_WORDS: Final = (PartKind.TEXT, PartKind.REFUSAL)


class StreamEncoder:
    """Neutral events in, completion chunks out: a chunk for each piece of the text, one for its end."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._head = b""
        self._words: set[int] = set()  # the open parts that are words
        self._prompt: Usage | None = None

    def feed(self, event: Event) -> bytes:
        """The chunks of an event."""
        match event:
            case PartDelta(part=part, text=text):
                return self._chunk(text, b"null") if text and part in self._words else b""
            case PartStart(kind=PartKind.MEDIA, media_type=media_type):
                return self._chunk(unshown(media_type), b"null")
            case PartStart(part=part, kind=kind):
                if kind in _WORDS:
                    self._words.add(part)
                return b""
            case PartNote():
                return b""
            case PartEnd(part=part):
                self._words.discard(part)
                return b""
            case ReplyStart():
                self._start(event)
                return b""
            case ReplyEnd():
                return self._end(event)
            case ReplyError():
                return error_frame(error_of(event))

    def _start(self, start: ReplyStart) -> None:
        context = self._context
        self._prompt = start.usage
        self._head = b'data: {"id":%b,"object":"text_completion","created":%d,"model":%b,"choices":' % (
            quoted(reply_id(start.id, ID_PREFIX, context.reply_id)),
            context.created_s,
            quoted(context.model or start.model),
        )

    def _end(self, end: ReplyEnd) -> bytes:
        chunks = self._chunk("", quoted(FINISH[end.stop]))
        usage = end.usage or self._prompt
        if self._context.include_usage and usage is not None:
            chunks += self._head + b'[],"usage":' + ENCODER.encode(encode_usage(usage)) + b"}\n\n"
        return chunks + DONE

    def _chunk(self, text: str, finish: bytes) -> bytes:
        choice = b'[{"index":0,"text":%b,"logprobs":null,"finish_reason":%b}]}\n\n' % (quoted(text), finish)
        return self._head + choice


def encode_reply(reply: Reply, context: Context) -> bytes:
    """The body of a whole reply."""
    text = "".join(map(words_of, reply.parts))
    body: dict[str, object] = {
        "id": reply_id(reply.id, ID_PREFIX, context.reply_id),
        "object": "text_completion",
        "created": context.created_s,
        "model": context.model or reply.model,
        "choices": [{"index": 0, "text": text, "logprobs": None, "finish_reason": FINISH[reply.stop]}],
    }
    if reply.usage is not None:
        body["usage"] = encode_usage(reply.usage)
    return ENCODER.encode(body)


def encode_usage(usage: Usage) -> dict[str, object]:
    """The `usage` object."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
