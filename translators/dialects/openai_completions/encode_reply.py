"""Neutral events -> completions, streamed and whole. Of a reply only its words can be said."""

from typing import Final

from translators import dialect
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
from translators.openai_chunks import chunk_head, encode_usage, last_chunks
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

_WORDS: Final = (PartKind.TEXT, PartKind.REFUSAL)


class StreamEncoder(dialect.StreamEncoder):
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
            case ReplyStart(usage=usage):
                self._prompt = usage
                self._head = chunk_head(event, self._context, b"text_completion", ID_PREFIX)
                return b""
            case ReplyEnd():
                return self._end(event)
            case ReplyError():
                return error_frame(error_of(event))

    def _end(self, end: ReplyEnd) -> bytes:
        finish = self._chunk("", quoted(FINISH[end.stop]))
        return finish + last_chunks(self._head, end.usage or self._prompt, self._context)

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
